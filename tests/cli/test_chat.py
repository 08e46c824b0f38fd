"""`parley chat`, piped and on a terminal."""

import asyncio
import os
import pty
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import PARLEY, PATIENCE, parley, surroundings, write_config

pytestmark = pytest.mark.processes

SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop" / "parley.toml"


def config(folder: Path, bot: str = "echo", **app: Any) -> Path:
    names = ("echo", "choices", "person", "broken")
    shop = {
        "bot": bot,
        "bots": {name: {"kind": "python", "bot": f"tests.support.bots:{name}"} for name in names},
        "nlp": {"enabled": False, "translators": "none"},
        "channels": {"web": {"kind": "webchat"}},
        **app,
    }
    return write_config(folder, 0, shop, laid=False)


async def test_a_line_is_a_message_and_its_answer_comes_before_the_next(tmp_path: Path) -> None:
    ran = await parley("chat", "-c", config(tmp_path), given="hello\n\n  twice  \nno line end")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "echo: echo: hello\necho: echo: twice\necho: echo: no line end\n"
    assert sorted(os.listdir(tmp_path)) == ["parley.toml"]


async def test_a_file_and_nothing_at_all_are_read_too(tmp_path: Path) -> None:
    path = config(tmp_path)
    (tmp_path / "lines.txt").write_text("from a file\n")
    with (tmp_path / "lines.txt").open("rb") as lines:
        process = await asyncio.create_subprocess_exec(
            str(PARLEY), "chat", "-c", str(path), stdin=lines, stdout=asyncio.subprocess.PIPE, env=surroundings()
        )
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert (process.returncode, out) == (0, b"echo: echo: from a file\n")
    ran = await parley("chat", "-c", path)
    assert (ran.code, ran.out) == (0, "")


async def test_rubbish_is_a_message_like_any_other(tmp_path: Path) -> None:
    ran = await parley("chat", "-c", config(tmp_path), given=b"\xff\xfe\n" + b"long " * 20_000 + b"\n<b>bold</b>\n")
    assert ran.code == 0
    assert "echo: echo: \ufffd\ufffd" in ran.out
    assert "<b>bold</b>" in ran.out


async def test_choices_are_numbered_and_a_number_is_a_tap(tmp_path: Path) -> None:
    ran = await parley("chat", "-c", config(tmp_path, "choices"), given="hello\n2\n")
    assert ran.out.splitlines() == ["choices: Which size?", "1. Small", "2. Large", "choices: chose size:l"]


async def test_notices_and_handoffs_are_shown(tmp_path: Path) -> None:
    ran = await parley("chat", "-c", config(tmp_path, "person"), given="hello\nanybody?\n")
    assert ran.code == 0
    said = ran.out.splitlines()
    assert said[0] == "person: Let me get somebody."
    assert said[1].startswith("· ")
    assert len(said) == 2


async def test_a_bot_that_fails_does_not_end_the_chat(tmp_path: Path) -> None:
    ran = await parley("chat", "-c", config(tmp_path, "broken", policy={"defaults": False}), given="hello\nagain\n")
    assert ran.code == 0
    assert ran.out.count("· ") == 2
    assert "Traceback" not in ran.err
    assert "secret-in-the-error" not in ran.err


async def test_why_tells_what_was_decided(tmp_path: Path) -> None:
    ran = await parley("chat", "--why", "-c", config(tmp_path, "person"), given="hello\n")
    assert "decided: handoff team support, urgent, bot-request held (bot.asked = True)" in ran.err
    assert "bot person: ok in " in ran.err


async def test_the_demo_shop_answers_in_the_customers_language() -> None:
    ran = await parley("chat", "-c", SHOP, given="Hola, ¿cuánto cuesta el envío?\n1\nquiero hablar con una persona\n")
    assert ran.code == 0, ran.err
    shipping, first, second, *rest = ran.out.splitlines()
    assert "El envío estándar cuesta" in shipping
    assert (first[:3], second[:3]) == ("1. ", "2. ")
    assert any(line.startswith("· ") for line in rest)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--channel", "wbe"), "--channel: there is no channel 'wbe'; did you mean 'web'?"),
        (("--app", "x"), "--app: there is no app 'x'"),
    ],
)
async def test_names_that_lead_nowhere(tmp_path: Path, more: tuple[str, ...], said: str) -> None:
    ran = await parley("chat", "-c", config(tmp_path), *more)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


async def test_without_a_channel_there_is_nowhere_to_speak(tmp_path: Path) -> None:
    ran = await parley("chat", "-c", config(tmp_path, channels={}))
    assert ran.code == 1
    assert "apps.shop.channels" in ran.err


class Terminal:
    """The keyboard and the screen."""

    def __init__(self, handle: int, process: asyncio.subprocess.Process) -> None:
        self.handle = handle
        self.process = process
        self.screen = ""
        self.more = asyncio.Event()

    def read(self) -> None:
        try:
            self.screen += os.read(self.handle, 65_536).decode()
        except OSError:
            asyncio.get_running_loop().remove_reader(self.handle)
        self.more.set()

    async def shows(self, text: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while text not in self.screen:
                self.more.clear()
                await self.more.wait()

    def types(self, keys: str) -> None:
        os.write(self.handle, keys.encode())

    async def ends(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@asynccontextmanager
async def terminal(*arguments: str) -> AsyncIterator[Terminal]:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SESSION, str(PARLEY), *arguments,
        stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings(), start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    screen = Terminal(ours, process)
    loop = asyncio.get_running_loop()
    loop.add_reader(ours, screen.read)
    try:
        yield screen
    finally:
        loop.remove_reader(ours)
        os.close(ours)
        if process.returncode is None:
            process.kill()
            await process.wait()


SESSION = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes the terminal the one whose Ctrl-C we hear."""


@pytest.mark.parametrize("key", ["\x04", "\x03"], ids=["ctrl-d", "ctrl-c"])
async def test_on_a_terminal(tmp_path: Path, key: str) -> None:
    async with terminal("chat", "-c", str(config(tmp_path))) as screen:
        await screen.shows("you: ")
        screen.types("hello\r")
        await screen.shows("echo: hello")
        await screen.shows("you (en): ")
        screen.types("\r")
        screen.types(key)
        assert await screen.ends() == 0
        assert "Traceback" not in screen.screen
        assert screen.screen.endswith("\n")


async def test_ctrl_c_leaves_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    slow = {"kind": "python", "bot": "tests.support.bots:slow", "deadline": 600}
    async with terminal("chat", "-c", str(config(tmp_path, "slow", bots={"slow": slow}))) as screen:
        await screen.shows("you: ")
        screen.types("gate-never\r")
        await screen.shows("gate-never\r\n")
        screen.types("\x03")
        assert await screen.ends() == 0
        assert "Traceback" not in screen.screen


async def test_ctrl_c_at_a_password(tmp_path: Path) -> None:
    async with terminal("desk", "add-agent", "ada@shop.example", "-c", str(config(tmp_path))) as screen:
        await screen.shows("Password")
        screen.types("\x03")
        assert await screen.ends() in (1, 130, -signal.SIGINT)
        assert "Traceback" not in screen.screen
