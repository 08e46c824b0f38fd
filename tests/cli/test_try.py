"""`parley bots try`, piped, and `parley dev`."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.cli.test_chat import config
from tests.support.process import PARLEY, PATIENCE, parley, surroundings

pytestmark = pytest.mark.processes

BOT = "async def reply(turn):\n    return 'one'\n"


async def test_a_bot_is_tried_with_all_there_is_to_see(tmp_path: Path) -> None:
    ran = await parley("bots", "try", "choices", "-c", config(tmp_path), given="hello\n2\n")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines() == ["choices: Which size?", "1. Small", "2. Large", "choices: chose size:l"]
    assert "bot choices: ok in" in ran.err
    assert "decided: bot" in ran.err
    assert "quick_replies becomes" in ran.err
    assert sorted(os.listdir(tmp_path)) == ["parley.toml"]


async def test_actions_are_told(tmp_path: Path) -> None:
    ran = await parley("bots", "try", "person", "-c", config(tmp_path), given="hello\n")
    assert "action hand_off: reason 'the bot said so', team 'orders', priority 'urgent'" in ran.err


async def test_quietly_only_the_customers_side_is_shown(tmp_path: Path) -> None:
    ran = await parley("bots", "try", "tests.support.bots:counter", "--quiet", "-c", config(tmp_path), given="a\nb\n")
    assert (ran.out, ran.err) == ("bot: number 1\nbot: number 2\n", "")


async def test_a_bot_there_is_not(tmp_path: Path) -> None:
    ran = await parley("bots", "try", "ecco", "-c", config(tmp_path))
    assert (ran.code, "did you mean 'echo'?" in ran.err) == (1, True)


class Dev:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.seen: list[str] = []

    async def until(self, text: str) -> None:
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while line := (await self.process.stderr.readline()).decode():
                self.seen.append(line)
                if text in line:
                    return
        raise AssertionError(f"it ended without {text!r}: {self.seen}")


@asynccontextmanager
async def developing(path: Path) -> AsyncIterator[Dev]:
    process = await asyncio.create_subprocess_exec(
        *(str(PARLEY), "dev", "-c", str(path), "--port", "0", "--every", "0.05"),
        stderr=asyncio.subprocess.PIPE,
        env=surroundings(),
    )
    try:
        yield Dev(process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), PATIENCE)


async def test_saving_starts_it_again(tmp_path: Path) -> None:
    (tmp_path / "parley.toml").write_text(
        '[apps.shop]\nbot = "mine"\n[apps.shop.nlp]\nenabled = false\n'
        '[apps.shop.bots.mine]\nkind = "python"\nbot = "dev_bot:reply"\npath = "."\n',
        encoding="utf-8",
    )
    (tmp_path / "dev_bot.py").write_text(BOT, encoding="utf-8")
    async with developing(tmp_path / "parley.toml") as dev:
        await dev.until("serving")
        (tmp_path / "dev_bot.py").write_text(BOT.replace("one", "two too"), encoding="utf-8")
        await dev.until("dev_bot.py changed; starting again")
        await dev.until("stopped")
        await dev.until("serving")
        text = (tmp_path / "parley.toml").read_text(encoding="utf-8")
        (tmp_path / "parley.toml").write_text(text + "[[", encoding="utf-8")
        await dev.until("parley.toml changed; going on as before")
    assert dev.process.returncode == 0
