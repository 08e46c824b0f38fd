"""Where settings came from: lines of the file, and variables of the environment that override them."""

import re
import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from orchestrator.errors import Key, Misconfigured, Problem, dotted
from orchestrator.lines import Lines

PLACE = re.compile(r"(.*) \((?:at line (\d+), column (\d+)|at end of document)\)", re.DOTALL)


class Source:
    def __init__(self, path: Path, text: str, variables: Mapping[Key, str] | None = None) -> None:
        self.path = path
        self.text = text
        self.variables = variables or {}

    @cached_property
    def lines(self) -> Lines:
        return Lines(self.text)

    def where(self, key: Key) -> str:
        """`parley.toml:12`, or the variable of the environment that said so."""
        variable = self.variable(key)
        return f"environment variable {variable}" if variable else f"{self.path}:{self.lines.line(key)}"

    def variable(self, key: Key) -> str:
        """The one that set it, or what it is in, or made a table around it that the file does not have."""
        above = [key[:length] for length in range(len(key), 0, -1)]
        for place in above:
            if found := self.variables.get(place):
                return found
        for place in above:
            if place in self.lines.places:
                break
            for inside, name in self.variables.items():
                if inside[: len(place)] == place:
                    return name
        return ""

    def located(self, error: Misconfigured) -> Misconfigured:
        """The same, in words that say where, in the order of the file. What has no key stays as it is."""
        told = sorted(error.problems, key=lambda each: self.lines.line(each.key) if each.key else 0)
        return Misconfigured([self.placed(problem) for problem in told])

    def placed(self, problem: Problem) -> Problem:
        return Problem(f"{self.where(problem.key)}: {problem}") if problem.key else problem

    def misspelt(self, error: tomllib.TOMLDecodeError) -> Misconfigured:
        """Not TOML: with the line, and the key on it; the last key where something has no end."""
        what, line, column, key = str(error), self.text.count("\n") + 1, "", self.lines.last()
        if found := PLACE.fullmatch(what):
            what = found[1]
            if found[2]:
                line, column = int(found[2]), f" at column {found[3]}"
                key = self.lines.on(line)
        named = f" {dotted(key)}:" if key else ""
        return Misconfigured(f"{self.path}:{line}:{named} not valid TOML{column}: {what[:1].lower()}{what[1:]}")
