"""What reaches the log, what does not, and in which form."""

import asyncio
import json
import logging
import sqlite3
import threading
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from orchestrator.adapters.logs.censor import Censor, verdict
from orchestrator.adapters.logs.setup import to_json
from orchestrator.errors import BotFailed
from tests.support.house import house
from tests.support.logbook import Logbook, logbook
from tests.support.serve import serving

log = structlog.get_logger("parley.test")

# Form


def test_a_line_is_json_with_time_level_logger_and_ids() -> None:
    with logbook() as book, structlog.contextvars.bound_contextvars(app_id="shop", conversation_id="c1", turn_id="t1"):
        log.info("turn done", ms=12.5, outcome="answered")
    assert list(book.last)[:4] == ["timestamp", "level", "logger", "event"]
    assert datetime.fromisoformat(book.last.pop("timestamp")).tzinfo is not None
    assert book.last | {"timestamp": ""} == {
        "timestamp": "",
        "level": "info",
        "logger": "parley.test",
        "event": "turn done",
        "app_id": "shop",
        "conversation_id": "c1",
        "turn_id": "t1",
        "ms": 12.5,
        "outcome": "answered",
    }


def test_libraries_write_the_same_lines_with_the_same_ids() -> None:
    with logbook() as book, structlog.contextvars.bound_contextvars(turn_id="t1"):
        logging.getLogger("some.library").warning("%d of %s", 3, "things")
    assert {key: book.last[key] for key in ("level", "logger", "event", "turn_id")} == {
        "level": "warning",
        "logger": "some.library",
        "event": "3 of things",
        "turn_id": "t1",
    }


@pytest.mark.parametrize(
    ("format", "terminal", "json_lines"),
    [("auto", False, True), ("auto", True, False), ("console", False, False), ("json", True, True)],
)
def test_formats(format: Any, terminal: bool, json_lines: bool) -> None:
    with logbook(format=format, terminal=terminal) as book:
        log.info("hello", outcome="fine")
        logging.getLogger("some.library").info("there")
    assert book.text.startswith("{") == json_lines
    assert book.text.count("\n") == 2
    assert ("\x1b[" in book.text) == (terminal and not json_lines)


@pytest.mark.parametrize(
    ("level", "ours", "theirs"),
    [("debug", 4, 3), ("info", 3, 3), ("warning", 2, 2), ("error", 1, 1)],
)
def test_levels_and_no_debugging_of_other_peoples_libraries(level: Any, ours: int, theirs: int) -> None:
    with logbook(level) as book:
        for logger in (log, logging.getLogger("some.library")):
            for say in (logger.debug, logger.info, logger.warning, logger.error):
                say("something")
    loggers = [line["logger"] for line in book.lines]
    assert (loggers.count("parley.test"), loggers.count("some.library")) == (ours, theirs)


def test_configuring_again_replaces_what_was() -> None:
    with logbook() as first, logbook() as second:
        log.info("hello")
        logging.getLogger("some.library").info("there")
    assert (len(first.lines), len(second.lines)) == (0, 2)


def test_warnings_are_lines_too() -> None:
    with logbook() as book, warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(False)
    assert "old ways" in book.last["event"]


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
    assert shown.count("test_logs.py") == 2
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


@pytest.mark.parametrize("terminal", [True, False])
def test_the_console_shows_no_values_of_variables(terminal: bool) -> None:
    with logbook(format="console", terminal=terminal) as book:
        said = "Hola, soy " + "Ana"
        try:
            assert said == ""
        except AssertionError:
            log.exception("turn broke", text=said)
            logging.getLogger("some.library").exception("broke")
    assert "soy Ana" not in book.text
    assert "test_logs.py" in book.text


async def test_a_task_nobody_awaited_does_not_speak() -> None:
    async def breaks() -> None:
        raise ValueError("Hola, soy " + "Ana")

    with logbook() as book:
        task = asyncio.create_task(breaks())
        await asyncio.wait([task])
        asyncio.get_running_loop().call_exception_handler(
            {"message": "Task exception was never retrieved", "future": task, "exception": task.exception()}
        )
    assert book.last["event"] == "Task exception was never retrieved"
    assert "builtins.ValueError" in book.last["exception"]
    assert "soy Ana" not in book.text


def test_a_line_that_can_not_be_made_does_not_print_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    with logbook() as book:
        logging.getLogger("some.library").warning("%d", "Hola")
        log.info("still here")
    assert book.text.splitlines()[0].startswith("a line of some.library could not be logged (")
    assert "Hola" not in book.text + capsys.readouterr().err


def test_lines_of_threads_do_not_mix() -> None:
    with logbook() as book:
        threads = [threading.Thread(target=lambda: [log.info("x" * 500) for _ in range(50)] and None) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(book.lines) == 400


# A real server, and whole turns


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


async def breaks(request: Request) -> Response:
    raise ValueError((await request.body()).decode())


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("Hola " + await socket.receive_text())
    await socket.close()


async def test_uvicorn_tells_neither_queries_nor_frames() -> None:
    app = Starlette(
        routes=[
            Route("/hello", hello),
            Route("/breaks", breaks, methods=["POST"]),
            WebSocketRoute("/talk", talk),
        ]
    )
    with logbook() as book:
        async with serving(app, access_log=True) as url, aiohttp.ClientSession(url) as session:
            async with session.get("/hello?token=s3cret&text=Ana"):
                pass
            async with session.post("/breaks", data="Ana s3cret") as response:
                assert response.status == 500
            async with session.ws_connect("/talk?token=s3cret") as socket:
                await socket.send_str("Ana s3cret")
                assert await socket.receive_str() == "Hola Ana s3cret"
    assert '"GET /hello HTTP/1.1" 200' in book.text.replace('\\"', '"')
    assert "/talk" not in book.text  # it comes with the address of whoever connects
    assert "ValueError" in book.text
    assert "s3cret" not in book.text
    assert "Ana" not in book.text


async def test_a_whole_turn_that_breaks_leaves_its_ids_and_no_word(tmp_path: Path) -> None:
    with logbook() as book:
        bots = {"blurts": {"kind": "python", "bot": "tests.support.blurting:blurts", "fallback": "echo"}}
        async with house(tmp_path, bots=bots, bot="blurts") as parley:
            await parley.hear("Mi tarjeta es 4111111111111111", profile={"name": "Zacarías", "email": "z@example.org"})
            await parley.settled()
            log.error("and then", **{"conversation": await parley.conversation(), "loaded": await parley.log()})
    assert "4111111111111111" not in book.text
    assert "Zacarías" not in book.text
    assert "z@example.org" not in book.text
    assert "echo: " not in book.text


def test_the_default_is_to_hide(capsys: pytest.CaptureFixture[str]) -> None:
    book: Logbook
    with logbook("info", "auto") as book:
        log.info("x", text="Hola")
    assert book.last["text"] == "[4 characters]"
