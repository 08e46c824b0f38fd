"""A guide's two small languages: templates, "{cart.total:money}", and conditions, "cart.items and not slots.email".

Both only look values up; nothing in them can call, compute or reach anything else.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, assert_never

from bots.guide.money import amount, money, number

Format = Literal["", "money", "number"]
Look = Callable[[str], object]
"""What a path stands for now; None when it stands for nothing."""

LONGEST_VALUE = 500
"""Characters of one value put into a text: a customer's name should not fill the screen."""

PATH = r"[A-Za-z_]\w*(?:\.[A-Za-z_][\w-]*)*"
HOLE = re.compile(rf"\s*(?P<path>{PATH})\s*(?::(?P<format>\w+))?\s*(?:\|(?P<default>.*))?", re.DOTALL)
PIECE = re.compile(r"\{\{|\}\}|\{(?P<hole>[^{}]*)\}|(?P<stray>[{}])|(?P<text>[^{}]+)")
TEST = re.compile(
    rf"(?P<no>not\s+)?(?P<path>{PATH})"
    rf"(?:\s*(?P<how>==|!=|<=|>=|<|>)\s*(?:'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<number>-?\d+(?:\.\d+)?)|(?P<other>{PATH})))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """`{path:format|default}`."""

    path: str
    format: Format = ""
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """`path`, `not path`, or `path == right`; `other` is the path on the right, "" when that is a literal."""

    path: str
    negated: bool = False
    how: str = ""
    right: str | float = ""
    other: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How values are written: the guide's language and the currency of its amounts."""

    language: str = "en"
    currency: str = "EUR"


@lru_cache(maxsize=4096)
def parse(source: str) -> tuple[str | Hole, ...]:
    """Raises ValueError, saying what is wrong; braces that are meant as such are doubled."""
    pieces: list[str | Hole] = []
    for found in PIECE.finditer(source):
        if found["stray"]:
            raise ValueError(f"a single {found['stray']!r}; write {found['stray'] * 2!r} for the character itself")
        if found["hole"] is not None:
            pieces.append(hole(found["hole"]))
        else:
            pieces.append(found["text"] or found[0][0])
    return tuple(pieces)


def hole(inside: str) -> Hole:
    found = HOLE.fullmatch(inside)
    if found is None:
        raise ValueError(f"{{{inside}}} is no variable; {{cart.total:money}} and {{profile.name|there}} are")
    match found["format"] or "":
        case ("" | "money" | "number") as known:
            return Hole(path=found["path"], format=known, default=found["default"])
        case unknown:
            raise ValueError(f"{{{inside}}} has the unknown format {unknown!r}; there are 'money' and 'number'")


def holes(source: str) -> list[Hole]:
    return [piece for piece in parse(source) if isinstance(piece, Hole)]


def fill(source: str, look: Look, style: Style, escape: Callable[[str], str] = str) -> str | None:
    """The text with its values, or None when a variable without default has none."""
    written = []
    for piece in parse(source):
        if isinstance(piece, str):
            written.append(piece)
            continue
        value = shown(look(piece.path), piece.format, style)
        if not value and piece.default is None:
            return None
        written.append(escape(value) if value else piece.default or "")
    return "".join(written)


def shown(value: object, form: Format, style: Style) -> str:
    """A value as words; "" when it has none: nothing, a list, an amount that is no number."""
    match form:
        case "money":
            return money(value, style.currency, style.language)
        case "number":
            return number(value, style.language)
        case "":
            if isinstance(value, str):
                return value.strip()[:LONGEST_VALUE]
            return number(value, style.language)
        case _:
            assert_never(form)


@lru_cache(maxsize=1024)
def condition(source: str) -> tuple[Test, ...]:
    """Tests that must all hold; none for "". Raises ValueError, saying what is wrong."""
    tests: list[Test] = []
    text = source.strip()
    while text:
        found = TEST.match(text)
        if found is None or found["path"] in ("and", "not"):
            raise ValueError(f"{text!r} is no condition; 'cart.items', 'not profile.name' and 'cart.total >= 50' are")
        tests.append(test(found))
        rest = text[found.end() :]
        text = re.sub(r"^\s+and\s+", "", rest)
        if rest and text == rest:
            raise ValueError(f"{rest.strip()!r} is not understood; tests are joined by 'and'")
    return tuple(tests)


def test(found: re.Match[str]) -> Test:
    right: str | float = found["single"] or found["double"] or ""
    if found["number"] is not None:
        right = float(found["number"])
    return Test(
        path=found["path"], negated=bool(found["no"]), how=found["how"] or "", right=right, other=found["other"] or ""
    )


def paths(source: str) -> list[str]:
    """Every variable of a condition."""
    return [path for each in condition(source) for path in (each.path, each.other) if path]


def holds(source: str, look: Look) -> bool:
    return all(passes(each, look) for each in condition(source))


def passes(each: Test, look: Look) -> bool:
    value = look(each.path)
    if not each.how:
        return bool(value) is not each.negated
    return compare(value, each.how, look(each.other) if each.other else each.right) is not each.negated


ORDER: Mapping[str, Callable[[object, object], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
}


def compare(left: object, how: str, right: object) -> bool:
    """Numbers by size, texts as they are; things that can't be compared are neither equal nor in order."""
    if how in ORDER:
        return ORDER[how](comparable(left), comparable(right))
    one, two = amount(left), amount(right)
    if one is None or two is None:
        return False
    match how:
        case "<":
            return one < two
        case "<=":
            return one <= two
        case ">":
            return one > two
        case _:
            return one >= two


def comparable(value: object) -> object:
    exact = None if isinstance(value, str | bool) else amount(value)
    return value if exact is None else exact
