"""What reaches the log, and in which form."""

import asyncio
import logging
import threading
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

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
