"""Reading intents: names and example sentences by language, from TOML. A guide's file will do as it is.

[[intent]]
name = "shipping"
examples = ["How much is shipping?", "Do you deliver to Spain?"]   # in the file's language
examples.es = ["¿Cuánto cuesta el envío?"]                         # instead of the list: a table by language
"""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.errors import Misconfigured

Examples = Mapping[str, Sequence[str]]
"""Sentences by intent."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Examples by language; each language has two intents or more, each intent an example or more.

    `left_out`: languages only one intent has examples in, and that intent.
    """

    languages: Mapping[str, Examples]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        plain = {code: {name: list(texts) for name, texts in found.items()} for code, found in self.languages.items()}
        return hashlib.sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    @property
    def intents(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for found in self.languages.values() for name in found))


def corpus(files: Sequence[Path], inline: Examples, language: str) -> Corpus:
    """Raises Misconfigured, naming the file and the intent."""
    found: dict[str, dict[str, list[str]]] = {}
    pairs: list[tuple[str, Mapping[str, Sequence[str]]]] = [(name, {language: texts}) for name, texts in inline.items()]
    for path in files:
        pairs += read(path, language)
    for name, by_language in pairs:
        for code, texts in by_language.items():
            kept = found.setdefault(code, {}).setdefault(name, [])
            kept += [text.strip() for text in texts if text.strip() and text.strip() not in kept]
    checked = {code: {name: texts for name, texts in each.items() if texts} for code, each in found.items()}
    missing = [name for name, _ in pairs if not any(name in each for each in checked.values())]
    if missing:
        raise Misconfigured(f"intents: {missing[0]!r} has no examples")
    usable = {code: each for code, each in checked.items() if len(each) >= 2}
    if not usable:
        raise Misconfigured("intents: give at least two intents with examples, in 'file' or 'intents'")
    return Corpus(usable, {code: next(iter(each)) for code, each in checked.items() if len(each) == 1})


def read(path: Path, language: str) -> Iterator[tuple[str, Mapping[str, Sequence[str]]]]:
    """Intents, and a guide's questions as "faq:name"."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(f"intents {str(path)!r}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"intents {str(path)!r} is not valid TOML: {error}") from error
    about = raw.get("guide")
    if isinstance(about, dict) and isinstance(about.get("language"), str):
        language = about["language"]
    for number, one in enumerate(tables(raw.get("intent")), 1):
        name = one.get("name")
        if not isinstance(name, str) or not name or (given := by_language(one.get("examples", []), language)) is None:
            raise Misconfigured(f"intents {str(path)!r}, intent {number}: needs a name and a list of examples")
        if given:
            yield name, given
    for one in tables(raw.get("faq")):
        texts = [one.get("question"), *(one.get("also") or ())]
        yield f"faq:{one.get('name')}", {language: [text for text in texts if isinstance(text, str)]}


def tables(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def by_language(value: Any, language: str) -> dict[str, list[str]] | None:
    """None when it is neither a list of texts nor a table of such."""
    given = {language: value} if isinstance(value, list) else value
    if not isinstance(given, dict):
        return None
    if not all(isinstance(texts, list) and all(isinstance(text, str) for text in texts) for texts in given.values()):
        return None
    return {code: texts for code, texts in given.items() if texts}
