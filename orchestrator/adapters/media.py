"""Where files of customers and agents are kept, as [media] says."""

from pathlib import Path
from typing import Protocol

from orchestrator.adapters.files import LocalFiles, Stored
from orchestrator.adapters.s3 import S3Files
from orchestrator.config import MediaSettings
from orchestrator.errors import Misconfigured, Problem
from orchestrator.ports import Clock, Files, Http

NEEDED = ("url", "bucket", "key_id", "secret")


class MediaFiles(Files, Protocol):
    """What an adapter of Files does besides."""

    @property
    def where(self) -> str:
        """Where they are, for people."""
        ...

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def locate(self, path: str) -> Stored:
        """For serving without reading it whole. Raises NotFound."""
        ...


def files_of(settings: MediaSettings, folder: Path, http: Http, clock: Clock) -> MediaFiles:
    """`folder` is [store] media. Not opened yet. Raises Misconfigured."""
    if settings.store == "folder":
        return LocalFiles(folder, clock, max_bytes=settings.max_bytes)
    missing = [
        Problem("is needed with store = 's3'", ("media", name)) for name in NEEDED if not getattr(settings, name)
    ]
    if missing:
        raise Misconfigured(missing)
    return S3Files(settings, folder / ".bucket", http, clock)
