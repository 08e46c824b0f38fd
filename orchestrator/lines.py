"""Where in a TOML file a value stands, for errors an author can act on. `tomllib` keeps no positions."""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator
from itertools import count

from orchestrator.errors import Key

BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
DOT = re.compile(r"[ \t]*\.[ \t]*")
SCALAR = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]*"
    r"|[^\s,\]}#]+",
    re.DOTALL,
)


class Lines:
    """The line of each table, key and element of valid TOML, by its place: ("rules", 2, "when").

    Of a source that `tomllib` refuses it knows the lines it could make out.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.breaks = [found.start() for found in re.finditer("\n", source)]
        self.places: dict[Key, int] = {(): 1}
        self.begun: dict[int, Key] = {}
        self.counts: dict[Key, int] = {}
        self.at = 0
        try:
            self.scan()
        except (LookupError, RecursionError):
            return

    def line(self, place: Key) -> int:
        """1-based. The nearest known place above; steps nobody wrote (a validator's own) are passed over."""
        found: Key = ()
        for step in place:
            if (*found, step) in self.places:
                found = (*found, step)
        return self.places[found]

    def on(self, line: int) -> Key:
        """The last place that begins on this line, also when it was there before; () when none does."""
        return self.begun.get(line, ())

    def last(self) -> Key:
        """The last place that could be made out."""
        return next(reversed(self.begun.values()), ())

    def scan(self) -> None:
        table: Key = ()
        while self.skip() < len(self.source):
            if self.source[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)

    def header(self) -> Key:
        """The place that a `[table]` or `[[element]]` opens. An array of tables on the way means its last element."""
        start = self.at
        repeated = self.source.startswith("[[", start)
        self.at += 2 if repeated else 1
        path = self.keys()
        self.take("]]" if repeated else "]")
        place: Key = ()
        for depth, step in enumerate(path):
            place = (*place, step)
            self.note(place, start)
            if repeated and depth == len(path) - 1:
                self.counts[place] = self.counts.get(place, -1) + 1
            if place in self.counts:
                place = (*place, self.counts[place])
                self.note(place, start)
        return place

    def pair(self, table: Key) -> None:
        start, place, path = self.at, table, self.keys()
        self.take("=")
        for step in path:
            place = (*place, step)
            self.note(place, start)
        self.skip()
        self.value(place)

    def value(self, place: Key) -> None:
        match self.source[self.at]:
            case "[":
                self.at += 1
                for number in self.elements("]"):
                    self.note((*place, number), self.at)
                    self.value((*place, number))
            case "{":
                self.at += 1
                for _ in self.elements("}"):
                    self.pair(place)
            case _:
                found = SCALAR.match(self.source, self.at)
                if found is None:
                    raise LookupError("a value")
                self.at = found.end()

    def elements(self, end: str) -> Iterator[int]:
        """Numbers the elements of an array or inline table; the caller reads each before it asks for the next."""
        for number in count():
            self.skip()
            if number and self.source.startswith(",", self.at):
                self.at += 1
                self.skip()
            if self.source.startswith(end, self.at):
                self.at += len(end)
                return
            yield number

    def keys(self) -> list[str]:
        found = [self.key()]
        while dot := DOT.match(self.source, self.at):
            self.at = dot.end()
            found.append(self.key())
        return found

    def key(self) -> str:
        self.skip()
        found = PART.match(self.source, self.at)
        if found is None:
            raise LookupError("a key")
        self.at = found.end()
        return unquoted(found[0])

    def take(self, sign: str) -> None:
        self.skip()
        if not self.source.startswith(sign, self.at):
            raise LookupError(sign)
        self.at += len(sign)

    def skip(self) -> int:
        """Pass over blanks, line ends and comments."""
        found = BLANK.match(self.source, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def note(self, place: Key, at: int) -> None:
        line = bisect_left(self.breaks, at) + 1
        self.places.setdefault(place, line)
        self.begun[line] = place


def unquoted(part: str) -> str:
    if part[0] not in "\"'":
        return part
    try:
        return next(iter(tomllib.loads(f"{part} = 0")))
    except tomllib.TOMLDecodeError:
        return part[1:-1]
