"""Secrets stand elsewhere: "env:NAME" is a variable of the environment, "file:/run/secrets/x" the text of a file."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.errors import Key, Misconfigured, Problem

REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)|file:(\.{0,2}/.*)")
LARGEST = 65_536


def resolve(raw: Mapping[str, Any], base: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """The same with every reference replaced. Raises Misconfigured for each that leads nowhere, naming its key."""
    found = Resolver(base, environ)
    resolved: dict[str, Any] = found.value(raw, ())
    if found.problems:
        raise Misconfigured(found.problems)
    return resolved


class Resolver:
    def __init__(self, base: Path, environ: Mapping[str, str]) -> None:
        self.base = base
        self.environ = environ
        self.problems: list[Problem] = []

    def value(self, value: Any, key: Key) -> Any:
        match value:
            case Mapping():
                return {name: self.value(item, (*key, name)) for name, item in value.items()}
            case list():
                return [self.value(item, (*key, number)) for number, item in enumerate(value)]
            case str() if reference := REFERENCE.fullmatch(value):
                return self.secret(reference, key)
        return value

    def secret(self, reference: re.Match[str], key: Key) -> str:
        """ "" stands in for what could not be had: nobody sees it, the problems are raised first."""
        try:
            return self.variable(reference[1]) if reference[1] else text_of(self.base / reference[2])
        except ValueError as error:
            self.problems.append(Problem(str(error), key))
            return ""

    def variable(self, name: str) -> str:
        if not self.environ.get(name):
            state = "empty" if name in self.environ else "not set"
            raise ValueError(f"the environment variable {name!r} is {state}")
        return self.environ[name]


def text_of(path: Path) -> str:
    """Without white space around it. Raises ValueError."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        text = data.decode("utf-8").strip()
    except OSError as error:
        raise ValueError(f"secret file {str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"secret file {str(path)!r} is not UTF-8 text") from None
    if not text or len(data) > LARGEST:
        raise ValueError(f"secret file {str(path)!r} is {'over 64 KiB' if text else 'empty'}")
    return text
