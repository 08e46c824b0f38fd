"""What mail programs write around the words of a person: patterns made of wording.toml."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

LISTS: Mapping[str, Sequence[str]] = tomllib.loads(Path(__file__).with_name("wording.toml").read_text(encoding="utf-8"))


def any_of(name: str) -> str:
    return "|".join(map(re.escape, LISTS[name]))


WROTE = re.compile(rf"\b(?:{any_of('wrote')})\b|{any_of('wrote_within')}", re.IGNORECASE)
ORIGINAL = re.compile(any_of("original"), re.IGNORECASE)
FROM_LINE = re.compile(rf"[\s>*]*(?:{any_of('from')})\**\s?[:：]\**\s*\S", re.IGNORECASE)
OTHER_LINE = re.compile(rf"[\s>*]*(?:{any_of('others')})\**\s?[:：]", re.IGNORECASE)
SENT_FROM = re.compile("|".join(LISTS["sent_from"]), re.IGNORECASE)
CLOSING = re.compile(rf"(?:{any_of('closings')})\s*[,.!，。]?", re.IGNORECASE)
