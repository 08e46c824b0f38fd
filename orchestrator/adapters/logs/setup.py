"""structlog and the standard library's logging, joined: everybody's lines look alike and pass the same censor."""

import contextlib
import logging
import sys
from collections.abc import Sequence
from typing import TextIO

import orjson
import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from orchestrator.adapters.logs.censor import Censor
from orchestrator.adapters.logs.failures import Failures
from orchestrator.config import LogSettings

OURS = ("parley", "orchestrator", "bots", "nlp", "connectors")

# Below these levels they print what people said: websockets each frame ("< TEXT 'Hola'"), through uvicorn's logger too;
# urllib3 each URL, with the text a translator was sent. uvicorn tells at INFO who opens a chat, by IP address; starting
# and stopping are told by orchestrator/server.py.
QUIET = {
    "uvicorn": logging.INFO,
    "uvicorn.error": logging.WARNING,
    "websockets": logging.WARNING,
    "urllib3": logging.WARNING,
    "aiohttp": logging.WARNING,
    "asyncio": logging.WARNING,
    "alembic": logging.WARNING,
}


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Set up logging for the process, on standard error unless told otherwise. May be called again.

    Ids of the turn at hand come from `structlog.contextvars` (app_id, conversation_id, turn_id).
    """
    stream = stream or sys.stderr
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    chain = processors(settings.message_text)
    structlog.configure(
        processors=[*chain, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer(settings, stream)],
        )
    )
    install(handler, level)


def processors(message_text: bool) -> Sequence[Processor]:
    return (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        Failures(message_text),  # before any renderer sees `exc_info`: rich prints the values of local variables
        Censor(message_text),
    )


def renderer(settings: LogSettings, stream: TextIO) -> Processor:
    if settings.format == "json" or (settings.format == "auto" and not stream.isatty()):
        return to_json
    return structlog.dev.ConsoleRenderer(colors=stream.isatty())


def to_json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    first = {key: event.pop(key) for key in ("timestamp", "level", "logger", "event") if key in event}
    return orjson.dumps({**first, **event}).decode()


class Handler(logging.StreamHandler[TextIO]):
    """Says which line it could not write, where logging's own would print the line's arguments."""

    def handleError(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):
            self.stream.write(f"a line of {record.name} could not be logged ({record.pathname}:{record.lineno})\n")


def install(handler: Handler, level: int) -> None:
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(max(level, logging.INFO))
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(level, least))
    logging.captureWarnings(True)
