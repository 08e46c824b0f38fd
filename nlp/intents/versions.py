"""Trained intents on disk: every version is kept, one is current, and going back is one step.

0001.npz  0002.npz  …      one file each, written beside and renamed, so never half there
current.json               which one is served, and whether somebody chose it on purpose
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from nlp.intents.model import Model, load, save
from orchestrator.errors import EngineFailed, NotFound

CURRENT = "current.json"
KEPT = 20


@dataclass(frozen=True, slots=True)
class Chosen:
    """`pinned`: by hand, so that changed examples don't replace it at the next start."""

    number: int
    pinned: bool = False


class Versions:
    """The versions in one folder. What can't be written raises EngineFailed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("[0-9]*.npz") if path.stem.isdigit())

    def current(self) -> Chosen | None:
        try:
            raw = json.loads((self.folder / CURRENT).read_text(encoding="utf-8"))
            chosen = Chosen(int(raw["version"]), bool(raw.get("pinned")))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return chosen if self.path(chosen.number).is_file() else None

    def stamp(self) -> int:
        """Changes whenever another version becomes current; cheap enough to look at before a turn."""
        try:
            return os.stat(self.folder / CURRENT).st_mtime_ns
        except OSError:
            return 0

    def load(self, number: int) -> Model:
        return load(self.path(number))

    def add(self, model: Model) -> int:
        """Keep it as the newest version and make it current. The oldest of many are deleted."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            number = max(self.numbers(), default=0) + 1
            write(self.path(number), save(model))
            self.choose(Chosen(number))
            for old in self.numbers()[:-KEPT]:
                self.path(old).unlink(missing_ok=True)
        except OSError as error:
            raise EngineFailed(f"trained intents can't be kept in {str(self.folder)!r}: {error.strerror}") from error
        return number

    def back(self, number: int | None = None) -> int:
        """Serve an earlier version, the one before the current unless told which. Raises NotFound."""
        now = self.current()
        known = self.numbers()
        if number is None:
            number = max((each for each in known if now and each < now.number), default=0)
        if number not in known:
            listed = ", ".join(map(str, known)) or "none"
            raise NotFound(f"there is no such earlier version of the intents; there are: {listed}")
        self.choose(Chosen(number, pinned=True))
        return number

    def choose(self, chosen: Chosen) -> None:
        text = json.dumps({"version": chosen.number, "pinned": chosen.pinned})
        write(self.folder / CURRENT, text.encode())

    def path(self, number: int) -> Path:
        return self.folder / f"{number:04d}.npz"


def write(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
