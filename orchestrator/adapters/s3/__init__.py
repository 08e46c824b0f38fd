"""Media in a bucket of any S3-compatible server."""

from orchestrator.adapters.s3.files import S3Files

__all__ = ["S3Files"]
