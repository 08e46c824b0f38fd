"""A served process whose Redis is killed and comes back: customers notice nothing, whoever watches does."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.processes.test_watch import value
from tests.support.process import PATIENCE, parley
from tests.support.redis import server
from tests.support.shop import Shop, shop

pytestmark = pytest.mark.processes


async def ready(here: Shop, *, degraded: bool) -> dict[str, Any]:
    """What /readyz says, once it is so."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await here.get("/readyz")
            assert answer.status == 200, "it still takes work"
            said = await answer.json()
            if said["checks"]["bus"].startswith("degraded") == degraded:
                return dict(said)
            await asyncio.sleep(0.05)


async def test_turns_go_on_without_redis_and_it_is_told(tmp_path: Path) -> None:
    async with server() as redis, shop(tmp_path, bus={"url": redis.url, "timeout": 1.0}) as here:
        assert (await here.hear("one")).status == 200
        await here.platform.until(taken=1)
        assert value(await (await here.get("/metrics")).text(), "parley_bus_up") == 1
        redis.kill()
        for number, text in enumerate(("two", "three"), 2):
            assert (await here.hear(text)).status == 200
            await here.platform.until(taken=number)
        said = await ready(here, degraded=True)
        assert said["status"] == "ready"
        assert "lost" in said["checks"]["bus"]
        assert value(await (await here.get("/metrics")).text(), "parley_bus_up") == 0
        await redis.start()
        await ready(here, degraded=False)
        assert (await here.hear("four")).status == 200
        await here.platform.until(taken=4)
        assert here.served.tail().count("Redis is lost") == here.served.tail().count("Redis is back") == 1
        assert await here.served.stop() == 0


async def test_two_deployments_on_one_redis(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with server() as redis, shop(tmp_path / "one", bus={"url": redis.url}) as first:
        config = tmp_path / "two" / "parley.toml"
        config.write_bytes(first.config.read_bytes())
        ran = await parley("serve", "--config", config, "--port", "0")
        assert ran.code != 0
        assert "another deployment of Parley" in ran.err
        assert "bus.prefix" in ran.err
