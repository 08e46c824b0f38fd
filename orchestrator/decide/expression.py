"""Which facts a CEL expression reads, and where in it they stand.

The cel package tells the names at the root of an expression but neither their members nor positions, so the source is
read here a second time, token by token: enough to find every `root.member.member`, never to judge the grammar.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<string>[rRbB]{0,2}(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<number>0[xX][0-9a-fA-F]+u?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?u?|\.\d+(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
WORDS = frozenset({"true", "false", "null", "in"})
KINDS = frozenset({"bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"})
"""Names of CEL's kinds of value, as in `type(slots.age) == int`."""

MACROS = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter"})

FUNCTIONS = frozenset(
    {
        *("size", "contains", "startsWith", "endsWith", "matches"),
        *("bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"),
        *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
        *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
    }
)
"""Those that cel 0.10 evaluates, tried one by one: it compiles a call of any other too, and fails in the turn."""

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """A fact read: `("bot", "failed")`, at this offset of the source."""

    path: Path
    at: int


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


def reads(source: str) -> tuple[Read, ...]:
    """Every fact the expression reads, in order, those read twice twice. Names bound by a macro are not facts."""
    tokens = [token for token in scan(source) if token.kind != "space"]
    bound: list[tuple[str, int]] = []
    depth = 0
    found = []
    for index, token in enumerate(tokens):
        if token.text in "([{" and token.kind == "sign":
            depth += 1
            bound += [(name, depth) for name in binding(tokens, index)]
        elif token.text in ")]}" and token.kind == "sign":
            bound = [(name, level) for name, level in bound if level < depth]
            depth -= 1
        elif is_fact(tokens, index) and token.text not in {name for name, _ in bound}:
            found.append(Read((token.text, *members(tokens, index + 1)), token.at))
    return tuple(found)


def scan(source: str) -> Iterator[Token]:
    for found in TOKEN.finditer(source):
        yield Token(found.lastgroup or "sign", found[0], found.start())


def binding(tokens: list[Token], opening: int) -> list[str]:
    """The variable that `list.exists(x, …)` binds between its parentheses."""
    if tokens[opening].text != "(" or opening < 2 or tokens[opening - 1].text not in MACROS:
        return []
    name, comma = text(tokens, opening + 1), text(tokens, opening + 2)
    return [name] if tokens[opening - 2].text == "." and comma == "," else []


def is_fact(tokens: list[Token], index: int) -> bool:
    """A name that is neither a member, a function, a word of the language nor the name of a kind."""
    token = tokens[index]
    if token.kind != "name" or token.text in WORDS or token.text in KINDS:
        return False
    return text(tokens, index - 1) != "." and text(tokens, index + 1) != "("


def members(tokens: list[Token], index: int) -> Iterator[str]:
    """The `.name` and `["name"]` that follow, up to the first method call or computed index."""
    while True:
        if text(tokens, index) == "." and kind(tokens, index + 1) == "name" and text(tokens, index + 2) != "(":
            yield text(tokens, index + 1)
            index += 2
        elif text(tokens, index) == "[" and kind(tokens, index + 1) == "string" and text(tokens, index + 2) == "]":
            yield text(tokens, index + 1).lstrip("rRbB").strip("\"'")
            index += 3
        else:
            return


def text(tokens: list[Token], index: int) -> str:
    return tokens[index].text if 0 <= index < len(tokens) else ""


def kind(tokens: list[Token], index: int) -> str:
    return tokens[index].kind if 0 <= index < len(tokens) else ""


def position(source: str, at: int) -> str:
    line = source.count("\n", 0, at) + 1
    column = at - (source.rfind("\n", 0, at) + 1) + 1
    return f"line {line}, column {column}" if "\n" in source else f"column {column}"
