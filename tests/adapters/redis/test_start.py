"""What stands in the way of a start: told in a line, without secrets, and waited for when waiting helps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from orchestrator.adapters.redisbus.server import check, warnings
from orchestrator.errors import Misconfigured, Unavailable
from tests.support.buses import bus_on, buses
from tests.support.logbook import logbook
from tests.support.process import free_port
from tests.support.redis import Server, server, shared


@pytest.fixture
async def one() -> Server:
    return await shared()


async def test_unreachable_it_is_tried_again_and_then_given_up() -> None:
    port = free_port()
    bus = bus_on(f"redis://:hunter2@127.0.0.1:{port}", patience=0.5)
    with logbook() as log, pytest.raises(Unavailable, match=rf"127\.0\.0\.1:{port}.*\[bus\] url") as caught:
        await bus.open()
    assert caught.value.retryable
    assert [line["event"] for line in log.lines] == ["Redis can't be used yet; trying again"]
    assert "hunter2" not in log.text + str(caught.value)


async def test_a_redis_that_comes_late_is_waited_for() -> None:
    async with server() as late:
        late.kill()
        bus = bus_on(late.url, patience=10)
        opening = asyncio.create_task(bus.open())
        await asyncio.sleep(0)
        await late.start()
        await opening
        assert bus.trouble() == ""
        await bus.close()


@pytest.mark.parametrize("url", ["redis://:hunter2@", "redis://ana:hunter2@", "redis://"])
async def test_a_wrong_password_is_told_at_once_and_without_the_password(url: str) -> None:
    async with server("--requirepass", "open sesame") as locked:
        bus = bus_on(f"{url}127.0.0.1:{locked.port}", patience=600)
        with logbook() as log, pytest.raises(Unavailable, match="(?i)password|authentication") as caught:
            await bus.open()
        assert "hunter2" not in log.text + str(caught.value)
        assert "sesame" not in log.text + str(caught.value)


async def test_a_replica_can_t_be_used(one: Server) -> None:
    async with server("--replicaof", f"127.0.0.1 {one.port}") as replica:
        with pytest.raises(Unavailable, match="replica"):
            await bus_on(replica.url, patience=0.0).open()


async def test_another_database_s_deployment_is_refused_at_once(one: Server) -> None:
    async def other() -> str:
        return "another database"

    async with buses(one.url, 2):
        stranger = bus_on(one.url, other)
        with pytest.raises(
            Misconfigured, match=r"another deployment.*bus\.prefix.*'parley:\{wake\}:deployment'"
        ) as caught:
            await stranger.open()
        assert caught.value.problems[0].key == ("bus", "prefix")
        neighbour = bus_on(one.url, other, prefix="other")
        await neighbour.open()
        await neighbour.wake("a", "shop")
        assert await neighbour.claim() == "a"
        await neighbour.close()


async def test_a_stranger_that_came_after_a_flush_is_noticed(one: Server) -> None:
    async with buses(one.url, 1, lease=0.6) as (bus,):
        await one.ask("FLUSHALL")
        await one.ask("SET", bus.link.keys.deployment, "another database")
        with logbook() as log:
            async with asyncio.timeout(15):
                await bus.link.gone.wait()
            assert "another deployment" in bus.trouble() + log.text


async def test_a_flushed_redis_hears_again_whose_it_is(one: Server) -> None:
    async with buses(one.url, 1, lease=0.6) as (bus,):
        await one.ask("FLUSHALL")
        await one.says("the-tests", "GET", bus.link.keys.deployment)


async def test_an_evicting_server_is_used_and_warned_of() -> None:
    async with server("--maxmemory-policy", "allkeys-lru") as evicting:
        with logbook() as log:
            async with buses(evicting.url, 1):
                pass
        assert [line["level"] for line in log.lines if "allkeys-lru" in line["event"]] == ["warning"]


async def bulk(reader: asyncio.StreamReader) -> bytes:
    """A bulk string of the Redis protocol: its length on a line, then itself."""
    length = int((await reader.readline())[1:])
    return (await reader.readexactly(length + 2))[:-2]


@asynccontextmanager
async def old_redis(version: str) -> AsyncIterator[str]:
    """The words of a server that can't be had here any more: it says what it is and knows nothing else."""
    info = f"# Server\r\nredis_version:{version}\r\nrole:master\r\n".encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        known = b"$%d\r\n%b\r\n" % (len(info), info)
        try:
            while count := await reader.readline():
                words = [await bulk(reader) for _ in range(int(count[1:]))]
                writer.write(known if words[0] == b"INFO" else b"-ERR unknown command\r\n")
        finally:
            writer.close()

    made = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"redis://127.0.0.1:{made.sockets[0].getsockname()[1]}"
    made.close()
    await made.wait_closed()


async def test_a_server_too_old_is_refused_at_once() -> None:
    async with old_redis("6.2.14") as url:
        with pytest.raises(Misconfigured, match=r"Redis 6\.2\.14; 7\.0 or newer") as caught:
            await bus_on(url).open()
        assert caught.value.problems[0].key == ("bus", "url")


@pytest.mark.parametrize("version", ["", "6.2.14", "2.8.0", "unstable"])
def test_versions_that_will_not_do(version: str) -> None:
    with pytest.raises(Misconfigured):
        check({"redis_version": version})


@pytest.mark.parametrize(
    "info",
    [
        {"redis_version": "7.0.0", "role": "master"},
        {"redis_version": "10.1.0"},
        {"redis_version": "7.2.4", "server_name": "valkey", "valkey_version": "9.0.0", "role": "master"},
    ],
)
def test_versions_that_do(info: dict[str, str]) -> None:
    check(info)
    assert warnings(info) == []
