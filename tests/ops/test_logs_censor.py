"""What does not reach the log: secrets, what people said, and what exceptions hold of both."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.adapters.logs.censor import Censor, verdict
from orchestrator.adapters.logs.setup import to_json
from orchestrator.errors import BotFailed
from tests.support.logbook import logbook

log = structlog.get_logger("parley.test")

# Secrets and words


@pytest.mark.parametrize(
    "key",
    ["token", "access_token", "accessToken", "X-Auth-Token", "secret", "client_secret", "password", "password_hash"]
    + ["Authorization", "cookie", "Set-Cookie", "api_key", "apiKey", "X-API-Key", "apikey", "signing_key", "csrf"]
    + ["webhook-signature", "jwt", "credentials", "session_id", "refreshTokens", "private_key", "PASSWORD", "pin"],
)
def test_secret_names(key: str) -> None:
    assert verdict(key) == "secret"
    for message_text in (True, False):
        with logbook(message_text=message_text) as book:
            log.info("x", **{key: "s3cret"}, nested={key: ["s3cret"]}, listed=[{"deep": {key: b"s3cret"}}])
        assert "s3cret" not in book.text
        assert book.last[key] == "[secret]"


@pytest.mark.parametrize(
    "key",
    ["text", "body", "message_text", "last_text", "original", "parts", "translations", "slots", "profile", "context"]
    + ["transcript", "summary", "note", "values", "title", "payload", "customerName", "email", "phone", "address"],
)
def test_names_of_what_people_said(key: str) -> None:
    assert verdict(key) == "words"
    with logbook() as book:
        log.info(
            "x", **{key: "Hola, soy Ana"}, nested={key: ("Hola, soy Ana",)}, listed=[{"a": {key: "Hola, soy Ana"}}]
        )
    assert "Ana" not in book.text
    assert book.last[key] == "[13 characters]"
    with logbook(message_text=True) as book:
        log.info("x", **{key: "Hola, soy Ana"})
    assert book.last[key] == "Hola, soy Ana"


@pytest.mark.parametrize(
    "key",
    ["message_id", "conversation_id", "token_count", "text_length", "body_bytes", "outcome", "channel_id", "bot", "ms"]
    + ["error", "key", "api_key_id", "keys", "monkey", "tokenizer", "contextual", "reason", "url", "path", "", "日本"],
)
def test_names_of_harmless_things(key: str) -> None:
    assert verdict(key) == "open"


def test_counted_tokens_are_no_secret() -> None:
    with logbook() as book:
        log.info("x", tokens=120, token=120, retry=True, password=None)
    assert (book.last["tokens"], book.last["token"], book.last["password"]) == (120, "[secret]", None)


@dataclass(frozen=True)
class Words:
    text: str = "Hola"


class Color(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Words(), "[Words]"),
        ([Words(), {"a": Words()}], ["[Words]", {"a": "[Words]"}]),
        (b"Hola", "[bytes]"),
        (lambda: "Hola", "[function]"),
        (ValueError("Hola"), "[ValueError]"),
        (BotFailed("bot 'x': too slow"), "bot 'x': too slow"),
        (FileNotFoundError(2, "No such file", "x"), "[Errno 2] No such file: 'x'"),
        (Color.RED, "Color.RED"),
        (Path("a/b"), "a/b"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02 00:00:00+00:00"),
        (2**70, str(2**70)),
        (float("nan"), None),
        ({1: {2: 3}}, {"1": {"2": 3}}),
        ("https://u:pw@api.example/bots?key=abc#x", "https://api.example/bots"),
        ("see http://a/b?c=d, and https://e:f@g/h.", "see http://a/b and https://g/h."),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer [secret]"),
        (f"/media/shop/{'a' * 40}/a.png", "/media/shop/…/a.png"),
        ("/bots/callback/eyJhbGciOiJIUzI1NiJ9." + "x" * 30, "/bots/callback/…"),
        (
            "/v1/conversations/019f3c1e-7d5a-7c11-a3f8-2b8a8a7f1c55",
            "/v1/conversations/019f3c1e-7d5a-7c11-a3f8-2b8a8a7f1c55",
        ),
        ("a\nb\x1b[31m\x00\u2028\ud800", "a\\x0ab\\x1b[31m\\x00\\x2028\\xd800"),
        ("x" * 10_000, "x" * 4000),
        (list(range(1000)), list(range(50))),
    ],
)
def test_values(value: Any, shown: Any) -> None:
    with logbook() as book:
        log.info("x", value=value)
    assert book.last["value"] == shown


def test_what_contains_itself_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with logbook() as book:
        log.info("x", loop=loop)
    assert json.dumps(book.last["loop"]) == "[" * 6 + '"[list]"' + "]" * 6


@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner),
            max_leaves=8,
        ),
        max_size=5,
    ),
    st.text(),
)
def test_any_event_is_one_line_of_json(values: dict[str, Any], event: str) -> None:
    seen = Censor(False)(None, "info", {**values, "event": event})
    line = to_json(None, "info", seen)
    assert "\n" not in line
    assert isinstance(json.loads(line), dict)


# Exceptions


def test_a_traceback_tells_where_and_what_but_not_what_was_said() -> None:
    with logbook() as book:
        try:
            try:
                int("Hola, soy Ana")
            except ValueError as error:
                raise KeyError("Hola, soy Ana") from error
        except KeyError:
            log.exception("turn broke")
    shown = book.last["exception"]
    assert "Hola, soy Ana" not in shown.replace('int("Hola, soy Ana")', "").replace('KeyError("Hola, soy Ana")', "")
    assert "builtins.ValueError (its message may hold" in shown
    assert "which was the direct cause of:" in shown
    assert shown.count("test_logs_censor.py") == 2
    assert "log.message_text = true" in shown.splitlines()[-1]


def test_messages_of_exceptions_when_words_may_be_shown() -> None:
    with logbook(message_text=True) as book:
        try:
            raise ValueError("Hola, Bearer abcdef12345")
        except ValueError:
            log.exception("turn broke")
    assert book.last["exception"].endswith("builtins.ValueError: Hola, Bearer [secret]")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BotFailed("bot 'x' raised"), True),
        (OSError(28, "No space left on device"), True),
        (sqlite3.OperationalError("no such table: x"), True),
        (TypeError("can't add"), True),
        (TimeoutError("late"), True),
        (ValueError("¡Ana!"), False),
        (KeyError("¡Ana!"), False),
        (RuntimeError("¡Ana!"), False),
        (UnicodeEncodeError("ascii", "¡Ana!", 0, 1, "¡Ana!"), False),
        (type("ElsewhereError", (OSError,), {"__module__": "requests"})("http://x?q=¡Ana!"), False),
    ],
)
def test_which_exceptions_speak(error: Exception, told: bool) -> None:
    with logbook() as book:
        log.error("x", exc_info=error)
    assert (str(error) in book.last["exception"]) == told


def test_groups_and_endless_chains_and_exceptions_that_break() -> None:
    class BrokenError(OSError):
        def __str__(self) -> str:
            raise RuntimeError("no")

    BrokenError.__module__ = "builtins"
    group = ExceptionGroup("¡Ana!", [ValueError("¡Ana!"), BotFailed("told"), BrokenError()])
    chain: BaseException = group
    for _ in range(50):
        chain.__context__ = ValueError("¡Ana!")
        chain = chain.__context__
    with logbook() as book:
        log.error("x", exc_info=group)
    assert "¡Ana!" not in book.last["exception"]
    assert "BotFailed: told" in book.last["exception"]
    assert len(book.last["exception"]) < 5000


def test_deep_recursion_is_cut() -> None:
    def down(depth: int) -> None:
        down(depth + 1)

    with logbook() as book:
        try:
            down(0)
        except RecursionError:
            log.exception("x")
    assert book.last["exception"].count("in down") <= 40
