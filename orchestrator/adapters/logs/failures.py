"""Tracebacks without what was said: where it broke, its type, and the message of errors known to hold no words."""

import sys
import traceback
from collections.abc import Iterator
from typing import Any

from structlog.types import EventDict, WrappedLogger

from orchestrator.adapters.logs.censor import scrub, telling

FRAMES = 40
DEEPEST = 8


class Failures:
    """A structlog processor: turns `exc_info` into `exception`."""

    def __init__(self, message_text: bool) -> None:
        self.message_text = message_text

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        error = exception(event.pop("exc_info", None))
        if error is not None:
            event["exception"] = "\n".join(self.lines(error, 0))
        return event

    def lines(self, error: BaseException, depth: int) -> Iterator[str]:
        if depth > DEEPEST:
            yield "…"
            return
        if error.__cause__ is not None:
            yield from self.lines(error.__cause__, depth + 1)
            yield "which was the direct cause of:"
        elif error.__context__ is not None and not error.__suppress_context__:
            yield from self.lines(error.__context__, depth + 1)
            yield "while handling which:"
        for frame in traceback.extract_tb(error.__traceback__)[-FRAMES:]:
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}"
        yield f"{type(error).__module__}.{type(error).__qualname__}{self.message(error)}"
        if isinstance(error, BaseExceptionGroup):
            for number, inner in enumerate(error.exceptions[:DEEPEST], 1):
                yield f"of which number {number}:"
                yield from self.lines(inner, depth + 1)

    def message(self, error: BaseException) -> str:
        """What it says, where that may be told; a message that can't be made is none."""
        if not self.message_text and not telling(error):
            return " (its message may hold somebody's words: log.message_text = true shows it)"
        try:
            text = str(error)
        except Exception:
            return ""
        return f": {scrub(text)}" if text else ""


def exception(given: Any) -> BaseException | None:
    match given:
        case BaseException():
            return given
        case (_, BaseException() as error, _):
            return error
        case None | False | (None, None, None):
            return None
        case _:
            return sys.exc_info()[1]
