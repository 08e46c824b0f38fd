"""Where in a TOML file a value stands, for errors an author can act on. `tomllib` keeps no positions."""

import re
from collections.abc import Sequence

Place = tuple[str | int, ...]

HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?")
KEY = re.compile(r"""\s*((?:[\w-]+|"[^"\n]*"|'[^'\n]*')(?:\s*\.\s*(?:[\w-]+|"[^"\n]*"|'[^'\n]*'))*)\s*=""")
TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""' r"|'''.*?'''" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'" r"|#[^\n]*" r"|[\[\]{},\n]", re.DOTALL
)


class Lines:
    """The line of each key, table and array element of valid TOML, by its path: ("intent", 2, "examples", 0)."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: dict[Place, int] = {(): 1}
        self.counts: dict[Place, int] = {}
        self.scan()

    def line(self, place: Sequence[str | int]) -> int:
        """1-based. The nearest known place above; steps nobody wrote (a validator's own) are passed over."""
        found: Place = ()
        for step in place:
            if (*found, step) in self.lines:
                found = (*found, step)
        return self.lines[found]

    def scan(self) -> None:
        at = 0
        table: Place = ()
        while at < len(self.source):
            end = self.source.find("\n", at)
            end = len(self.source) if end < 0 else end
            line = self.source[at:end]
            if header := HEADER.fullmatch(line):
                table = self.table(steps(header[2]), header[1] == "[[", self.number(at))
            elif key := KEY.match(line):
                place = (*table, *steps(key[1]))
                self.lines.setdefault(place, self.number(at))
                end = self.value(place, at + key.end())
            at = end + 1

    def table(self, path: list[str], repeated: bool, line: int) -> Place:
        """The place a header opens: each array of tables on the way stands for its last element."""
        place: Place = ()
        for depth, step in enumerate(path):
            place = (*place, step)
            self.lines.setdefault(place, line)
            if repeated and depth == len(path) - 1:
                self.counts[place] = self.counts.get(place, -1) + 1
            if place in self.counts:
                place = (*place, self.counts[place])
        self.lines.setdefault(place, line)
        return place

    def value(self, place: Place, at: int) -> int:
        """Pass over a value, noting where elements of its outermost array begin. Returns where its last line ends."""
        depth, element, fresh = 0, -1, False
        for token in TOKEN.finditer(self.source, at):
            mark = token[0]
            if mark == "\n" and depth == 0:
                return token.start()
            if fresh and mark not in "\n]" and not mark.startswith("#"):
                element, fresh = element + 1, False
                self.lines[(*place, element)] = self.number(token.start())
            if mark in "[{":
                depth += 1
                fresh = fresh or (depth == 1 and mark == "[")
            elif mark in "]}":
                depth -= 1
            elif mark == "," and depth == 1:
                fresh = True
        return len(self.source)

    def number(self, at: int) -> int:
        return self.source.count("\n", 0, at) + 1


def steps(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in re.findall(r"""[\w-]+|"[^"]*"|'[^']*'""", dotted)]
