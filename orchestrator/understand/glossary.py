"""Glossaries: names that are never translated, and terms whose translation is fixed, for any engine.

```toml
keep = ["Parley Cargo"]       # in every language

[[term]]
en = "pickup point"
es = "punto de recogida"

[[term]]
en = "Basic"                  # a plan's name: kept between these two
es = "Basic"
```
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import Misconfigured

LANGUAGE = re.compile(r"[a-z]{2,3}")
LONGEST = 120


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Of one direction: `fixed` has the translation of each term by its casefolded form.

    Compared by identity, so that it can be part of a cache's key.
    """

    pattern: re.Pattern[str]
    fixed: Mapping[str, str]

    def translation(self, found: str) -> str:
        """As the term is written in the text: a capital at its start stays one."""
        wanted = self.fixed[" ".join(found.casefold().split())]
        capital = found[0].isupper() and wanted[0].islower()
        return wanted[0].upper() + wanted[1:] if capital else wanted


class Glossary:
    """One app's. `version` changes with its content. Raises Misconfigured, naming the file and the term."""

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        self.keep: list[str] = []
        self.terms: list[dict[str, str]] = []
        digest = hashlib.sha256()
        for path in paths:
            raw = read(path)
            digest.update(repr(sorted(raw.items())).encode())
            self.keep += kept(raw.get("keep", []), path)
            self.terms += [term(entry, path, number) for number, entry in enumerate(entries(raw, path), 1)]
        self.version = digest.hexdigest()[:12] if paths else ""
        self.pairs: dict[tuple[str, str], Terms | None] = {}

    def of(self, source: str, target: str) -> Terms | None:
        """None when nothing is fixed for the pair."""
        if (source, target) not in self.pairs:
            self.pairs[source, target] = self.compiled(source, target)
        return self.pairs[source, target]

    def compiled(self, source: str, target: str) -> Terms | None:
        fixed = {folded(name): name for name in self.keep}
        for entry in self.terms:
            if source in entry and target in entry:
                fixed.setdefault(folded(entry[source]), entry[target])
        if not fixed:
            return None
        # The longest first: "pickup point" before "point".
        words = "|".join(worded(name) for name in sorted(fixed, key=len, reverse=True))
        return Terms(re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE), fixed)


def folded(text: str) -> str:
    return " ".join(text.casefold().split())


def worded(text: str) -> str:
    return r"\s+".join(re.escape(word) for word in text.split())


def read(path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(f"glossary {str(path)!r}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"glossary {str(path)!r} is not valid TOML: {error}") from error
    if set(raw) - {"keep", "term"}:
        raise Misconfigured(f"glossary {str(path)!r}: only a 'keep' list and [[term]] tables belong in it")
    return raw


def kept(names: Any, path: Path) -> list[str]:
    if not isinstance(names, list) or not all(worth(name) for name in names):
        raise Misconfigured(f"glossary {str(path)!r}: 'keep' is a list of names of up to {LONGEST} characters")
    return list(names)


def entries(raw: Mapping[str, Any], path: Path) -> list[Any]:
    found = raw.get("term", [])
    if not isinstance(found, list):
        raise Misconfigured(f"glossary {str(path)!r}: write [[term]], with two brackets")
    return found


def term(entry: Any, path: Path, number: int) -> dict[str, str]:
    if not isinstance(entry, dict) or len(entry) < 2 or not all(worth(text) for text in entry.values()):
        raise Misconfigured(
            f"glossary {str(path)!r}, term {number}: each term needs two languages or more, with a text"
        )
    if bad := next((code for code in entry if not LANGUAGE.fullmatch(code)), None):
        raise Misconfigured(f"glossary {str(path)!r}, term {number}: {bad!r} is no language; use codes such as en")
    return dict(entry)


def worth(text: Any) -> bool:
    return isinstance(text, str) and bool(text.strip()) and len(text) <= LONGEST
