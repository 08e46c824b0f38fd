"""Logging for the length of a test, into a string, and everything as it was afterwards."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import structlog

from orchestrator.adapters.logs import configure
from orchestrator.config import LogSettings


@dataclass
class Logbook:
    stream: io.StringIO

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Each line as JSON."""
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        return self.lines[-1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@contextmanager
def logbook(
    level: Literal["debug", "info", "warning", "error"] = "debug",
    format: Literal["json", "console", "auto"] = "json",
    *,
    message_text: bool = False,
    terminal: bool = False,
) -> Iterator[Logbook]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers.clear()
    stream = Terminal() if terminal else io.StringIO()
    configure(LogSettings(level=level, format=format, message_text=message_text), stream)
    try:
        yield Logbook(stream)
    finally:
        root.handlers[:], level_before = before
        root.setLevel(level_before)
        logging.captureWarnings(False)
        structlog.contextvars.clear_contextvars()
        structlog.reset_defaults()
