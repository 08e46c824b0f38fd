"""Translation memory: reviewed translations, consulted before any engine.

```toml
[[entry]]
en = "Your order {number} is on its way."
es = "Tu pedido {number} está en camino."
```
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import Misconfigured
from orchestrator.types import Reviewed
from orchestrator.understand.guard import Masked, between, mask

SLOT = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
BLANKS = re.compile(r"\s+")
LONGEST = 2000
MOST_SLOTS = 8
DEEPEST = 2

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """An entry with slots: `fixed` is what stands before, between and after them, one more than there are `slots`.

    `weight` is how many characters are fixed: the more, the better the match.
    """

    slots: tuple[str, ...]
    fixed: tuple[re.Pattern[str], ...]
    translation: str
    weight: int

    def values(self, text: str) -> dict[str, str] | None:
        """What stands in the slots, each as short as it can be; None when the text is another one.

        Without backtracking, so that no text takes longer than its length allows.
        """
        found = self.fixed[0].match(text)
        values: dict[str, str] = {}
        for slot, piece in zip(self.slots, self.fixed[1:], strict=True):
            if found is None:
                return None
            start = found.end()
            found = piece.search(text, start + 1)
            if found is not None:
                values[slot] = text[start : found.start()]
        return values if found is not None else None


class Memory:
    """Whole texts, in any direction between the languages of an entry. Case and runs of blanks do not matter.

    Raises Misconfigured, naming the file and the entry.
    """

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        self.exact: dict[Pair, dict[str, str]] = {}
        self.patterns: dict[Pair, list[Pattern]] = {}
        self.templates: dict[Pair, dict[str, str]] = {}
        self.entries = 0
        self.learnt: dict[str, Reviewed] = {}
        self.said: dict[Pair, dict[str, str]] = {}
        self.shaped: dict[Pair, list[Pattern]] = {}
        for path in paths:
            for number, entry in enumerate(read_entries(path), 1):
                self.add(entry, f"translation memory {str(path)!r}, entry {number}")
        for patterns in self.patterns.values():
            patterns.sort(key=lambda pattern: -pattern.weight)

    def add(self, entry: dict[str, str], where: str) -> None:
        check_slots(entry, where)
        self.entries += 1
        for source, said in entry.items():
            for target, translation in entry.items():
                if source == target:
                    continue
                self.templates.setdefault((source, target), {}).setdefault(key_of(said), translation)
                if SLOT.search(said):
                    self.patterns.setdefault((source, target), []).append(pattern_of(said, translation))
                else:
                    # The first entry wins: a later file adds, it does not change what was reviewed before it.
                    self.exact.setdefault((source, target), {}).setdefault(key_of(said), translation)

    def learn(self, changed: Iterable[Reviewed]) -> None:
        """What people at the desk have reviewed: approved ones count, others no longer do.

        They come after the files, and hold in the one direction that was reviewed.
        """
        before = dict(self.learnt)
        for entry in changed:
            if entry.state == "approved":
                self.learnt[entry.id] = entry
            else:
                self.learnt.pop(entry.id, None)
        if self.learnt == before:
            return
        self.said, self.shaped = {}, {}
        for entry in sorted(self.learnt.values(), key=lambda one: one.updated_at, reverse=True):
            pair = (entry.source, entry.target)
            self.said.setdefault(pair, {}).setdefault(key_of(entry.text), entry.translation)
            if (pattern := generalised(entry.text, entry.translation)) is not None:
                self.shaped.setdefault(pair, []).append(pattern)

    def pairs(self) -> frozenset[Pair]:
        return frozenset(self.exact) | frozenset(self.patterns)

    def template(self, text: str, source: str, target: str) -> str | None:
        """The translation of a text as it stands in the files, placeholders and all; None when there is none."""
        return self.templates.get((source, target), {}).get(key_of(text))

    def find(self, text: str, source: str, target: str, *, depth: int = 0) -> str | None:
        """The reviewed translation of exactly this text, slots filled; None when there is none."""
        pair = (source, target)
        key = key_of(text)
        for exact in (self.exact.get(pair), self.said.get(pair)):
            if exact and (found := exact.get(key)):
                return found
        if depth < DEEPEST and len(text) <= LONGEST and "\n" not in text:
            whole = unicodedata.normalize("NFC", text.strip())
            for pattern in (*self.patterns.get(pair, ()), *self.shaped.get(pair, ())):
                if (values := pattern.values(whole)) is not None:
                    return self.fill(pattern.translation, values, pair, depth)
        return None

    def fill(self, translation: str, values: Mapping[str, str], pair: Pair, depth: int) -> str:
        """Values are looked up themselves (a product's or a status's name), else kept as they are."""

        def value(slot: re.Match[str]) -> str:
            said = values[slot[1]]
            return self.find(said, *pair, depth=depth + 1) or said

        return SLOT.sub(value, translation)


def read_entries(path: Path) -> list[dict[str, str]]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(f"translation memory {str(path)!r}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"translation memory {str(path)!r} is not valid TOML: {error}") from error
    entries = raw.pop("entry", [])
    if raw or not isinstance(entries, list):
        raise Misconfigured(f"translation memory {str(path)!r}: only [[entry]] tables belong in it")
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or not all(isinstance(said, str) and said.strip() for said in entry.values()):
            raise Misconfigured(f"translation memory {str(path)!r}, entry {number}: each language needs a text")
        if bad := next((code for code in entry if not re.fullmatch(r"[a-z]{2}", code)), None):
            raise Misconfigured(
                f"translation memory {str(path)!r}, entry {number}: {bad!r} is no language; use two letters, such as en"
            )
    return entries


def check_slots(entry: dict[str, str], where: str) -> None:
    """Every language has the same slots, each once, with something between any two."""
    first = next(iter(entry.values()), "")
    for code, said in entry.items():
        slots = SLOT.findall(said)
        if sorted(slots) != sorted(SLOT.findall(first)):
            raise Misconfigured(f"{where}: the {code!r} text has other {{placeholders}} than the first one")
        if len(set(slots)) != len(slots) or len(slots) > MOST_SLOTS:
            raise Misconfigured(f"{where}: {code!r}: at most {MOST_SLOTS} placeholders, each once")
        if re.search(r"\}\s*\{", said) or not SLOT.sub("", said).strip():
            raise Misconfigured(f"{where}: {code!r}: placeholders need words around them to be told apart")


def generalised(text: str, translation: str) -> Pattern | None:
    """The pair for any numbers, links or names of codes, when both have the same ones, each once; else None."""
    masked, answer = mask(text), mask(translation)
    if not masked.kept or sorted(masked.kept) != sorted(answer.kept) or len(set(masked.kept)) != len(masked.kept):
        return None
    slots = {kept: f"{{value_{number}}}" for number, kept in enumerate(masked.kept)}
    said = slotted(masked, slots)
    try:
        check_slots({"said": said}, "reviewed")
    except Misconfigured:
        return None
    return pattern_of(said, slotted(answer, slots))


def slotted(masked: Masked, slots: Mapping[str, str]) -> str:
    words = between(masked)
    return words[0] + "".join(slots[kept] + word for kept, word in zip(masked.kept, words[1:], strict=True))


def pattern_of(said: str, translation: str) -> Pattern:
    pieces = SLOT.split(unicodedata.normalize("NFC", said.strip()))
    fixed = [r"\s+".join(re.escape(word) for word in BLANKS.split(piece)) for piece in pieces[::2]]
    return Pattern(
        slots=tuple(pieces[1::2]),
        fixed=tuple(re.compile(piece, re.IGNORECASE) for piece in (*fixed[:-1], fixed[-1] + r"\Z")),
        translation=translation,
        weight=len(SLOT.sub("", said)),
    )


def key_of(text: str) -> str:
    return BLANKS.sub(" ", unicodedata.normalize("NFC", text).strip()).casefold()
