"""/metrics, /healthz and /readyz of a real server, with a real store and bus that are made to fail."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from fastapi import FastAPI

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.localbus import LocalBus
from orchestrator.adapters.metrics import Metrics
from orchestrator.adapters.sqlite import SqliteStore
from orchestrator.errors import Unavailable
from orchestrator.http import ops, problems
from tests.support.serve import serving


@dataclass
class Motor:
    """An engine, as far as it concerns /readyz."""

    alive: bool = True


@dataclass
class House:
    store: SqliteStore
    bus: LocalBus
    engine: Motor
    metrics: Metrics
    session: aiohttp.ClientSession

    async def ready(self) -> tuple[int, Mapping[str, str]]:
        async with self.session.get("/readyz") as response:
            return response.status, (await response.json())["checks"]


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(ops, "FRESH", 0.0)
    clock = SystemClock()
    store, bus, engine, metrics = SqliteStore(tmp_path / "parley.db", clock), LocalBus(clock), Motor(), Metrics()
    await store.open()
    app = FastAPI()
    app.include_router(ops.router(metrics=metrics, records=store, store=store, engine=engine, bus=bus))
    problems.install(app)
    async with serving(app) as url, aiohttp.ClientSession(url) as session:
        yield House(store, bus, engine, metrics, session)
    await store.close()


async def test_all_is_well(house: House) -> None:
    assert await house.ready() == (200, {"engine": "ok", "store": "ok", "bus": "ok"})
    async with house.session.get("/healthz") as response:
        assert (response.status, await response.json()) == (200, {"status": "ok"})
        assert response.headers["Cache-Control"] == "no-store"
    async with house.session.head("/readyz") as response:
        assert response.status == 200


async def test_an_engine_that_stops_takes_no_work_but_is_alive(house: House) -> None:
    house.engine.alive = False
    status, checks = await house.ready()
    assert (status, checks["store"], checks["engine"][:11]) == (503, "ok", "not running")
    async with house.session.get("/healthz") as response:
        assert response.status == 200


async def test_a_store_that_is_closed_is_named_and_metrics_go_on(house: House) -> None:
    await house.store.close()
    status, checks = await house.ready()
    assert (status, checks["store"], checks["bus"]) == (503, "the database is closed", "ok")
    async with house.session.get("/metrics") as response:
        assert response.status == 200
        assert "parley_store_up 0.0" in await response.text()


async def test_metrics_are_served(house: House) -> None:
    house.metrics.turn("shop", "answered", 0.1)
    async with house.session.get("/metrics", headers={"Accept": "text/plain;version=oops"}) as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await response.text()
    assert 'parley_turn_seconds_count{app="shop",outcome="answered"} 1.0' in text
    assert "parley_unprocessed 0.0" in text
    assert "parley_store_up 1.0" in text


async def test_metrics_can_want_a_token(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "parley.db", SystemClock())
    app = FastAPI()
    app.include_router(
        ops.router(metrics=Metrics(), records=store, store=store, engine=Motor(), metrics_token="t0ken-ñ")
    )
    problems.install(app)
    async with serving(app) as url, aiohttp.ClientSession(url) as session:
        for given in ("", "Bearer ", "Bearer wrong", "t0ken-ñ"):
            async with session.get("/metrics", headers={"Authorization": given}) as response:
                assert response.status == 401
        async with session.get("/metrics", headers={"Authorization": "Bearer t0ken-ñ"}) as response:
            assert response.status == 200
        async with session.get("/readyz") as response:
            assert (await response.json())["checks"]["store"] == "the database is not open yet"


FULL_DISK = """
import asyncio, pathlib, resource, sys
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.sqlite import SqliteStore
from orchestrator.errors import Unavailable

async def main():
    path = pathlib.Path(sys.argv[1])
    store = SqliteStore(path, SystemClock())
    await store.open()
    await store.probe()
    log = path.with_name(path.name + "-wal")
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, resource.RLIM_INFINITY))
    try:
        await store.probe()
    except Unavailable as error:
        print("unavailable:", error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.probe()
    print("back")
    await store.close()

asyncio.run(main())
"""


async def test_the_probe_notices_a_full_disk_and_that_it_is_over(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        FULL_DISK,
        str(tmp_path / "parley.db"),
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    said, _ = await process.communicate()
    assert [line.split(":")[0] for line in said.decode().splitlines()] == ["unavailable", "back"]


async def test_a_part_that_breaks_tells_only_the_log() -> None:
    async def breaks() -> None:
        raise ValueError("inner s3cret")

    async def hangs() -> None:
        await asyncio.Event().wait()

    async def refuses() -> None:
        raise Unavailable("the disk is full")

    async def works() -> None:
        return

    assert await ops.examine({"a": breaks, "c": refuses, "d": works}) == {
        "a": "broken; see the log",
        "c": "the disk is full",
        "d": "ok",
    }


async def test_a_part_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "PATIENCE", 0.05)

    async def hangs() -> None:
        await asyncio.Event().wait()

    assert await ops.examine({"a": hangs}) == {"a": "no answer within 0.05 s"}


async def test_counts_that_hang_or_break_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "PATIENCE", 0.05)

    class Hangs:
        async def counts(self) -> Mapping[str, int]:
            await asyncio.Event().wait()
            return {}

    class Breaks:
        async def counts(self) -> Mapping[str, int]:
            raise ValueError("oops")

    assert await ops.count(Hangs()) is None
    assert await ops.count(Breaks()) is None


async def test_a_crowd_that_asks_at_once_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "FRESH", 0.0)
    asked = 0
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def ask() -> int:
        nonlocal asked
        asked += 1
        return await answer

    lately = ops.Lately(ask)
    crowd = [asyncio.create_task(lately.get()) for _ in range(100)]
    impatient = asyncio.create_task(lately.get())
    await asyncio.wait(crowd, timeout=0)
    impatient.cancel()
    answer.set_result(7)
    assert await asyncio.gather(*crowd) == [7] * 100
    assert asked == 1
    assert await lately.get() == 7
    assert asked == 2


async def test_an_answer_is_good_for_a_while() -> None:
    asked = 0

    async def ask() -> int:
        nonlocal asked
        asked += 1
        return asked

    lately = ops.Lately(ask)
    assert [await lately.get() for _ in range(5)] == [1] * 5
