"""Keeps secrets, always, and customers' words, unless asked, out of the log.

It goes by the names of values: `log.info("sent", text=…)` is hidden; `log.info(f"sent {text}")` can't be: don't.
"""

import re
import sqlite3
from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum
from functools import lru_cache
from pathlib import PurePath
from typing import Any, Literal
from uuid import UUID

from structlog.types import EventDict, WrappedLogger

from orchestrator.errors import ParleyError

SECRETS = frozenset(
    {"apikey", "authorization", "bearer", "cookie", "cookies", "credential", "credentials", "csrf", "jwt", "otp"}
    | {"passphrase", "passwd", "password", "pin", "secret", "secrets", "signature", "token", "tokens"}
)
SECRET_PAIRS = frozenset(
    {"access_key", "api_key", "api_keys", "auth_key", "encryption_key", "private_key", "secret_key", "session_id"}
    | {"signing_key"}
)
WORDS = frozenset(
    {"actions", "address", "alt", "answer", "answers", "body", "caption", "content", "contents", "context", "customer"}
    | {"completion", "data", "email", "evidence", "form", "greeting", "history", "html", "input", "message", "messages"}
    | {"note", "notes", "original", "packet", "parts", "payload", "phone", "pivot", "profile", "prompt", "query"}
    | {"question", "quote", "replies", "reply", "said", "slots", "snippet", "subject", "subtitle", "summary", "text"}
    | {"texts", "title", "transcript", "translation", "translations", "utterance", "utterances", "values", "words"}
)
NAMES = frozenset({"customer_name", "visitor_name", "user_name"})
ABOUT = frozenset({"bytes", "count", "hint", "id", "ids", "kind", "length", "mime", "ms", "seconds", "size", "type"})
"""A last word that makes a value one about the thing, not the thing: token_count, message_id, body_bytes."""

PIECE = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
URL = re.compile(r"\b([a-z][a-z0-9+.-]{1,10}://)(?:[^\s/?#\"'@]*@)?([^\s?#\"'<>]*)(?:[?#][^\s\"'<>]*)?", re.IGNORECASE)
PATH_QUERY = re.compile(r"(?<![\w/])(/[^\s?#\"'<>]*)\?[^\s\"'<>]*")
BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE)
CAPABILITY = re.compile(r"(?<=/)[\w.~=-]{40,}")
"""A piece of a path this long is a key to something: a file, a bot's callback. Ids are shorter."""
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

TELLING = (OSError, ImportError, AttributeError, NameError, TypeError, ArithmeticError, MemoryError, sqlite3.Error)
DEEPEST, MOST, LONGEST = 6, 50, 4000

Verdict = Literal["secret", "words", "open"]


@lru_cache(maxsize=4096)
def verdict(key: str) -> Verdict:
    pieces = [piece.lower() for piece in PIECE.findall(key)]
    if not pieces or (pieces[-1] in ABOUT and "_".join(pieces[-2:]) not in SECRET_PAIRS):
        return "open"
    pairs = {"_".join(pair) for pair in zip(pieces, pieces[1:], strict=False)}
    if SECRETS & set(pieces) or SECRET_PAIRS & pairs:
        return "secret"
    return "words" if pieces[-1] in WORDS or NAMES & pairs else "open"


class Censor:
    """A structlog processor, the last before rendering: what leaves it is plain JSON."""

    def __init__(self, message_text: bool) -> None:
        self.message_text = message_text

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        kept = {key: value for key, value in event.items() if key in ("_record", "_from_structlog", "exception")}
        if event.get("_from_structlog") is False:
            event["event"] = self.foreign(str(event.get("event", "")), event.get("logger"))
        return {str(key): self.value(str(key), value, 0) for key, value in event.items() if key not in kept} | kept

    def foreign(self, text: str, logger: str | None) -> str:
        """asyncio adds lines with the repr of a task, and with it of the exception and what that says."""
        if logger == "asyncio" and not self.message_text:
            text = text.partition("\n")[0]
        return PATH_QUERY.sub(r"\1", text.strip())

    def value(self, key: str, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        match verdict(key):
            case "secret" if not (isinstance(value, (int, float)) and key.endswith("s")):
                return "[secret]"
            case "words" if not self.message_text:
                return f"[{len(value)} characters]" if isinstance(value, str) else "[hidden]"
        return self.plain(value, depth)

    def plain(self, value: Any, depth: int) -> Any:
        match value:
            case None | bool() | float():
                return value
            case int():
                return value if -(2**63) <= value < 2**64 else str(value)
            case str():
                return scrub(value)
            case BaseException():
                return scrub(str(value)) if telling(value) or self.message_text else f"[{type(value).__name__}]"
            case Enum() | UUID() | PurePath() | date() | timedelta():
                return scrub(str(value))
            case Mapping() if depth < DEEPEST:
                items = list(value.items())[:MOST]
                return {scrub(str(key)): self.value(str(key), item, depth + 1) for key, item in items}
            case list() | tuple() | set() | frozenset() if depth < DEEPEST:
                return [self.plain(item, depth + 1) for item in list(value)[:MOST]]
            case _:
                return f"[{type(value).__name__}]"


def telling(error: BaseException) -> bool:
    """Whether its message may be told: Parley's own, and what Python, SQLite or the system say of types, tables, files.

    A ValueError or KeyError names the value it met, and subclasses made elsewhere say anything: `requests` puts the
    whole URL into an OSError.
    """
    known = isinstance(error, TELLING) and type(error).__module__ in ("builtins", "sqlite3", "socket", "ssl", "zlib")
    return known or isinstance(error, ParleyError)


def scrub(text: str) -> str:
    """Without queries and users of URLs, keys in headers and paths, and characters that would forge a line."""
    text = text[:LONGEST]
    if "://" in text:
        text = URL.sub(r"\1\2", text)
    if "/" in text:
        text = CAPABILITY.sub("…", text)
    text = BEARER.sub(r"\1 [secret]", text)
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
