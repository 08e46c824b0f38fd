"""Reading a configuration: the file, what the environment overrides, the secrets both refer to."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestrator.config import environment, secret
from orchestrator.config.explain import problems
from orchestrator.config.settings import Settings
from orchestrator.config.source import Source
from orchestrator.errors import Misconfigured

LARGEST = 1_048_576


@dataclass(frozen=True, slots=True)
class Configuration:
    """`source` knows where each setting came from."""

    settings: Settings
    source: Source

    @property
    def base(self) -> Path:
        """The folder that relative paths in the configuration start from."""
        return self.source.path.resolve().parent

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Whatever turns out to be wrong with the settings in here is told with its file and line."""
        try:
            yield
        except Misconfigured as error:
            raise self.source.located(error) from None


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Configuration:
    """Raises Misconfigured, naming for everything that is wrong the file, line and key, and never a value."""
    text = read(path)
    raw = parse(path, text)
    overrides = environment.overrides(raw, environ)
    source = Source(path, text, {each.key: each.variable for each in overrides})
    try:
        environment.merge(raw, overrides)
        resolved = secret.resolve(raw, path.resolve().parent, environ)
        return Configuration(validated(resolved), source)
    except Misconfigured as error:
        raise source.located(error) from None


def validated(raw: Mapping[str, Any]) -> Settings:
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        raise Misconfigured(problems(error, Settings, raw)) from None


def read(path: Path) -> str:
    """Raises Misconfigured when it is missing, unreadable, no text or far too large for what it should be."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Misconfigured(
            f"configuration {str(path)!r}: {error.strerror}; name another with --config, 'parley demo' needs none"
        ) from None
    if len(data) > LARGEST:
        raise Misconfigured(f"configuration {str(path)!r} is over {LARGEST} bytes; is it the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Misconfigured(f"{path}:{line}: this is not UTF-8 text; is it the right file?") from None


def parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Source(path, text).misspelt(error) from None
    except RecursionError:
        raise Misconfigured(f"configuration {str(path)!r} is nested too deeply; is it the right file?") from None
