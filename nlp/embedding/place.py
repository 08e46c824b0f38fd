"""Where models are kept, and whether one is there and whole.

A model's folder holds `model.onnx`, `vocab.txt` and, written last, `model.json`: what it was made from, with the digest
of each file. A folder without that file is not a model, so an interrupted fetch never passes for one.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import EngineFailed

NAME = "all-MiniLM-L6-v2"
GRAPH, VOCABULARY, MANIFEST = "model.onnx", "vocab.txt", "model.json"
# Raised when the graph or the way it is quantised changes: what was made before is made again.
FORM = 1
CHUNK = 1 << 20


def models_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """PARLEY_MODELS, else parley/models in the user's cache folder (XDG_CACHE_HOME)."""
    if given := environ.get("PARLEY_MODELS"):
        return Path(given).expanduser()
    cache = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "parley" / "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A model that is there: `digests` by file name, `source` where its weights came from."""

    folder: Path
    form: int
    source: str
    digests: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Of the graph: what was trained on one model's vectors is of no use with another's."""
        return self.digests[GRAPH]


def find(folder: Path) -> Kept | None:
    """The model kept in the folder, None when there is none or an older form of it. Its files are not read."""
    try:
        raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        kept = Kept(folder=folder, form=int(raw["form"]), source=str(raw["source"]), digests=dict(raw["digests"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    whole = all((folder / name).is_file() and name in kept.digests for name in (GRAPH, VOCABULARY))
    return kept if whole and kept.form == FORM else None


def verify(kept: Kept) -> None:
    """Read every file. Raises EngineFailed, naming the one that is damaged."""
    for name, digest in kept.digests.items():
        if not (kept.folder / name).is_file() or digest_of(kept.folder / name) != digest:
            raise EngineFailed(f"the model's {name!r} in {str(kept.folder)!r} is damaged; run 'parley models fetch'")


def digest_of(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()
