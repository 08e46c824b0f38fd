"""One app's burst, one app's slow bot, and too much of everything: others are served, and nobody is lied to."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.routing import BaseRoute

from orchestrator.errors import Unavailable
from orchestrator.http import hooks
from orchestrator.types import StatusChanged
from tests.support import bots
from tests.support.house import House, house, settings
from tests.support.web import front


@pytest.fixture(autouse=True)
def fresh_bots() -> Iterator[None]:
    bots.reset()
    yield
    bots.reset()


@asynccontextmanager
async def two_apps(folder: Path, **engine: float) -> AsyncIterator[tuple[House, House]]:
    """A loud app whose bot waits for its gate, and a quiet one with an echo."""
    given = settings(folder, bot="slow")
    shop = given.apps["shop"]
    quiet = shop.model_copy(update={"bot": "echo", "channels": {"elsewhere": shop.channels["web"]}})
    changed = given.engine.model_copy(update=engine)
    async with house(folder, runtime={"apps": {"shop": shop, "quiet": quiet}, "engine": changed}) as loud:
        yield loud, House(loud.runtime, app="quiet", channel="elsewhere")


async def test_a_slow_bot_with_a_burst_holds_up_its_own_app_only(tmp_path: Path) -> None:
    async with two_apps(tmp_path, concurrency=8) as (loud, quiet):
        for number in range(60):
            await loud.hear("gate-a", address=f"loud {number}")
        await asyncio.wait_for(bots.entered["gate-a"].wait(), 10)
        await quiet.hear("hello")
        await quiet.settled()
        assert (await quiet.lines())[-1] == "bot: echo: hello"
        assert loud.runtime.engine.worker.places.apps["shop"] == 6
        bots.gates["gate-a"].set()
        for number in range(60):
            await loud.settled(f"loud {number}")
        assert len(bots.seen) == 61, "nobody waited so long for a place that the bot's time ran out"


async def test_a_full_queue_refuses_before_it_accepts(tmp_path: Path) -> None:
    async with two_apps(tmp_path, max_backlog_per_app=3, sweep_seconds=3600.0) as (loud, quiet):
        # What comes in while the first count runs is counted twice until the next.
        await loud.runtime.engine.backlog.count()
        for number in range(3):
            await loud.hear("gate-a", address=f"loud {number}")
        with pytest.raises(Unavailable) as refused:
            await loud.hear("gate-a", address="one too many")
        assert refused.value.retry_after
        assert await loud.runtime.store.find_conversation("web", "one too many") is None
        status = StatusChanged(external_id="theirs", state="read", at=loud.runtime.clock.now())
        assert await loud.runtime.engine.accept("shop", "web", [status]) == []
        await quiet.hear("hello")
        await quiet.settled()
        bots.gates["gate-a"].set()
        for number in range(3):
            await loud.settled(f"loud {number}")
        loud.runtime.engine.backlog.counted = float("-inf")
        await loud.hear("there is room", address="one too many")
        await loud.settled("one too many")


async def test_a_platform_is_told_when_to_come_again(tmp_path: Path) -> None:
    hook = {"kind": "webhook", "signature": "none", "url": "http://127.0.0.1:9/", "allow_private": True}

    def mount(house: House) -> Sequence[BaseRoute]:
        channel = house.runtime.apps["shop"].channel("hook")
        known = {"hook": hooks.HookChannel(app_id="shop", id="hook", connector=channel.connector)}
        return hooks.routes(known, house.runtime.engine, house.runtime.bus)

    async with front(tmp_path, mount, channels={"hook": hook}, bot="slow") as parley:
        parley.house.runtime.engine.backlog.most = 1
        body = {"conversation": "c1", "id": "1", "text": "gate-a"}
        assert (await parley.ask("POST", "/hooks/hook", json=body)).status == 200
        refused = await parley.ask("POST", "/hooks/hook", json={**body, "conversation": "c2", "id": "2"})
        assert (refused.status, refused.code) == (503, "unavailable")
        assert int(refused.headers["retry-after"]) >= 1
        bots.gates["gate-a"].set()
