"""Registering bots in a house as its owner would."""

import asyncio
from collections.abc import Callable
from typing import Any

from orchestrator.roster import NewBot
from orchestrator.types import BotEntry, Serves
from tests.support.house import PATIENCE, House
from tests.support.loop import next_tick

EVERYBODY = Serves(channels=("web",))


def python(bot: str, **more: Any) -> dict[str, Any]:
    return {"kind": "python", "bot": f"tests.support.bots:{bot}", **more}


async def registered(home: House, name: str, bot: str, *, serves: Serves | None = EVERYBODY, **more: Any) -> BotEntry:
    """Registered, enabled, and known to the process."""
    registrar = home.runtime.registrar
    await registrar.register("shop", NewBot(name=name, raw=python(bot, **more)))
    if serves is not None:
        await registrar.serve("shop", name, serves)
    entry = await registrar.enable("shop", name, force=True)
    await home.runtime.roster.look()
    return entry


async def until(true: Callable[[], bool]) -> None:
    """Waits for what another task brings about."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            await next_tick()
