"""Keeping a cache of files within bounds: what was written first goes first."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def prune(folder: Path, most: int, *, keep: Path) -> int:
    """Remove files until at most `most` bytes are left, `keep` among them; how many went.

    Files that are being served stay readable until they are closed. Blocks.
    """
    found = sorted(files(folder))
    total, gone = sum(size for _, size, _ in found), 0
    for _, size, path in found:
        if total <= most:
            break
        if path.name.removesuffix(".json") != keep.name:
            with contextlib.suppress(OSError):
                path.unlink()
                total, gone = total - size, gone + 1
    return gone


def files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """When each was written, and its size."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            with contextlib.suppress(OSError):
                about = path.stat()
                yield about.st_mtime, about.st_size, path
