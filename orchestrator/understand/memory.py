"""Translation memory: reviewed translations, consulted before any engine."""

from collections.abc import Sequence
from pathlib import Path


class Memory:
    """Reviewed translations from TOML files. Raises Misconfigured when one can't be used."""

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        self.paths = tuple(paths)
