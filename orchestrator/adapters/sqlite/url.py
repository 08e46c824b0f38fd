"""The address of a database in the configuration."""

from pathlib import Path

from orchestrator.errors import Misconfigured

SCHEME = "sqlite:///"


def path_of(url: str, beside: Path = Path()) -> Path:
    """`sqlite:///relative` (to the folder `beside`) or `sqlite:////absolute`. Raises Misconfigured."""
    name = url.removeprefix(SCHEME)
    if name == url or not name or name.startswith(":") or any(mark in name for mark in "\0?#"):
        # Not shown: the address of another kind of database holds a password.
        raise Misconfigured(
            "should be 'sqlite:///folder/parley.db' or, absolute, 'sqlite:////folder/parley.db'; "
            "or 'postgresql://user@host/database'",
            key=("store", "url"),
        )
    return beside / name
