"""The Lua scripts, as Redis knows them: by the SHA-1 of their text."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "scripts"


@dataclass(frozen=True, slots=True)
class Script:
    name: str
    text: str
    sha: str


def script(*names: str) -> Script:
    """One script made of these files, named by the last."""
    text = "\n".join((FOLDER / f"{name}.lua").read_text(encoding="utf-8") for name in names)
    return Script(names[-1], text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


TELL = script("rates", "tell", "lanes", "schedule")
CLAIM = script("lanes", "claim")
KEEP = script("lanes", "keep")
REAP = script("lanes", "reap")
OWNER = script("owner")
HOLD = script("hold")
PRESENT = script("present")
PRESENCES = script("presences")
