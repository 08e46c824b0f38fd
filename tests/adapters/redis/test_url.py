"""The forms of `bus.url`: read, refused without telling what they hold, and used against real servers."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio.cluster import RedisCluster

from orchestrator.adapters.redisbus.keys import Keys
from orchestrator.adapters.redisbus.url import parse
from orchestrator.errors import Misconfigured, Unavailable
from tests.support.buses import bus_on, buses, typing
from tests.support.logbook import logbook
from tests.support.process import free_port, until
from tests.support.redis import Guarded, Server, guarded, server, shared

MINUTE = timedelta(minutes=1)

READ: list[tuple[str, str, dict[str, Any]]] = [
    ("redis://localhost", "localhost:6379", {"host": "localhost"}),
    ("redis://cache.example:7000/3", "cache.example:7000", {"host": "cache.example", "port": 7000, "db": 3}),
    ("redis://:p%40ss@h/0", "h:6379", {"host": "h", "password": "p@ss", "db": 0}),
    ("redis://ana:p%3Aw@[::1]:1/", "::1:1", {"host": "::1", "port": 1, "username": "ana", "password": "p:w"}),
    ("unix:///run/redis.sock?db=2", "/run/redis.sock", {"path": "/run/redis.sock", "db": 2}),
]


@pytest.mark.parametrize(("url", "name", "options"), READ)
def test_one_server(url: str, name: str, options: dict[str, Any]) -> None:
    target = parse(url)
    assert (target.mode, target.name) == ("single", name)
    assert {key: value for key, value in target.options.items() if key != "connection_class"} == options


def test_sentinel() -> None:
    url = "redis+sentinel://ana:secret@s1,s2:7000/main?db=2&sentinel_password=other"
    target = parse(url)
    assert (target.mode, target.service) == ("sentinel", "main")
    assert target.hosts == (("s1", 26379), ("s2", 7000))
    assert target.options == {"username": "ana", "password": "secret", "db": 2}
    assert target.sentinel == {"password": "other"}
    assert target.name == "sentinel main at s1:26379,s2:7000"


def test_cluster_with_tls() -> None:
    target = parse("rediss+cluster://:secret@n1:7001,[::1]:7002?ssl_ca_certs=/ca.pem&ssl_check_hostname=false")
    assert (target.mode, target.hosts) == ("cluster", (("n1", 7001), ("::1", 7002)))
    assert target.options == {"password": "secret", "ssl": True, "ssl_ca_certs": "/ca.pem", "ssl_check_hostname": False}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("localhost:6379", "scheme"),
        ("http://hunter2@localhost", "scheme"),
        ("redis+cloud://:hunter2@h", "scheme"),
        ("unix+cluster:///hunter2", "scheme"),
        ("redis://", "names no host"),
        ("redis://:hunter2@", "names no host"),
        ("unix://", "names no host or path"),
        ("redis://:hunter2@h:notaport", "can't be read"),
        ("redis://:hunter2@h:99999", "can't be read"),
        ("redis://:hunter2@h/one", "number of a database"),
        ("redis://:hunter2@h?db=one", "db is a number"),
        ("redis://:hunter2@h?socket_timeout=5", "no option 'socket_timeout'"),
        ("redis+sentinel://:hunter2@h", "names no service"),
        ("redis+sentinel://:hunter2@h,/main", "has no name"),
        ("redis+cluster://:hunter2@h/3", "database 0 only"),
        ("redis+cluster://:hunter2@h?db=3", "database 0 only"),
        ("redis://[::1", "can't be read"),
    ],
)
def test_what_can_t_be_read_is_refused_and_not_repeated(url: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says) as caught:
        parse(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.problems[0].key == ("bus", "url")


def test_a_target_keeps_its_secrets_to_itself() -> None:
    assert "hunter2" not in repr(parse("redis+sentinel://u:hunter2@h/main?sentinel_password=hunter2"))


async def works(url: str) -> None:
    """Two processes on it: everything that goes through Redis."""
    async with buses(url, 2, timeout=2.0) as (web, worker), web.subscribe("shop") as reader:
        await web.wake("a", "shop")
        async with asyncio.timeout(10):
            assert await worker.claim() == "a"
            await web.wake("a", "shop")
            await worker.release("a")
            assert await worker.claim() == "a"
            await worker.release("a")
            await worker.publish(typing("ana"))
            assert await anext(aiter(reader)) == typing("ana")
            together = asyncio.gather(web.take("all", limit=9, per=MINUTE), web.pace("all", rate=1, burst=1))
            await web.publish(typing("bob"))
            await web.wake("b", "shop")
            assert await web.take("all", limit=9, per=MINUTE, strict=False) == 0.0
            assert set(await together) == {0.0}
            assert await anext(aiter(reader)) == typing("bob")
            assert await worker.claim() == "b"
            assert await web.take("key", limit=1, per=MINUTE) == 0.0
            assert await worker.take("key", limit=1, per=MINUTE) > 0
            assert await web.pace("key", rate=1, burst=1) == 0.0
            await web.hold("key", 30)
            assert await worker.pace("key", rate=1, burst=1) > 29
            assert await web.once("key", MINUTE)
            assert not await worker.once("key", MINUTE)
            await web.present("shop", "ana", [], 30)
            assert list(await worker.presences("shop")) == ["ana"]
            await web.cache().set_many({f"k{number}": "hola" for number in range(9)})
            await web.line.settled()
            assert set(await worker.cache().get_many([f"k{number}" for number in range(9)])) == {"hola"}
        assert web.trouble() == worker.trouble() == ""


async def test_over_a_socket_s_file_and_another_database() -> None:
    one = await shared()
    await works(f"unix://{one.socket}?db=5")


async def test_with_a_password_and_a_user_of_its_own() -> None:
    rights = ("on", ">hunter2", "~parley:*", "&parley:*", "+@all", "-@dangerous", "+info")
    async with server("--user", "parley", *rights, "--user", "default", "off") as one:
        await works(one.url.replace("://", "://parley:hunter2@"))


async def test_with_tls(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    await asyncio.to_thread(
        subprocess.run, [*command, *names, "-keyout", key, "-out", cert], check=True, capture_output=True
    )
    port = free_port()
    tls = ("--tls-port", str(port), "--tls-cert-file", str(cert), "--tls-key-file", str(key))
    async with server(*tls, "--tls-ca-cert-file", str(cert), "--tls-auth-clients", "no"):
        await works(f"rediss://localhost:{port}?ssl_ca_certs={cert}")
        stranger = bus_on(f"rediss://localhost:{port}", patience=0.0)
        with pytest.raises(Exception, match="certificate") as caught:
            await stranger.open()
        assert type(caught.value).__name__ == "Unavailable"


def behind(several: Guarded) -> str:
    """The first Sentinel can't be reached: the next is asked."""
    return several.url.replace("//", f"//127.0.0.1:{free_port()},")


async def test_behind_sentinels() -> None:
    async with guarded() as several:
        await works(behind(several))


async def test_a_failover_is_followed() -> None:
    async with guarded() as several, buses(behind(several), 2) as (web, worker):
        await web.wake("before", "shop")
        assert await worker.claim() == "before"
        failing = asyncio.create_task(several.fail_over())
        async with asyncio.timeout(30):
            await asyncio.gather(web.link.gone.wait(), worker.link.gone.wait())
            await worker.release("before")
            claim = asyncio.create_task(worker.claim())
            await failing
            claimed = ""
            while claimed != "after":
                await asyncio.gather(web.link.up.wait(), worker.link.up.wait())
                await web.wake("after", "shop")  # as the sweep does: a link may break once more before all is settled
                done, _ = await asyncio.wait({claim}, timeout=1)
                if done:
                    claimed, claim = claim.result(), asyncio.create_task(worker.claim())
            claim.cancel()


@pytest.fixture
async def cluster() -> AsyncIterator[list[Server]]:
    """Three nodes that share the slots."""
    async with AsyncExitStack() as stack:
        nodes = []
        for _ in range(3):
            # The bus of a cluster listens on another port, by default 10 000 above: that may be taken, or too high.
            bus = free_port()
            options = ("--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-node-timeout", "2000")
            nodes.append(await stack.enter_async_context(server(*options)))
        every = 16384 // 3
        for number, node in enumerate(nodes):
            last = 16383 if number == 2 else (number + 1) * every - 1
            await node.ask("CLUSTER", "ADDSLOTSRANGE", number * every, last)
            await node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            if number:
                await node.ask("CLUSTER", "MEET", "127.0.0.1", nodes[0].port, int(nodes[0].options[3]))
        async with asyncio.timeout(20):
            for node in nodes:
                await node.says("cluster_state:ok", "CLUSTER", "INFO")
        yield nodes


async def test_in_a_cluster(cluster: list[Server]) -> None:
    url = f"redis+cluster://{','.join(f'127.0.0.1:{node.port}' for node in cluster)}"
    await works(url)
    used = [await node.ask("DBSIZE") for node in cluster]
    assert all(used), "not everything is on one node"
    await in_one_slot(cluster[0])


async def test_a_cluster_s_node_may_be_lost_for_a_while(cluster: list[Server]) -> None:
    url = f"redis+cluster://{','.join(f'127.0.0.1:{node.port}' for node in cluster)}"
    async with buses(url, 1) as (bus,):
        for node in cluster:
            node.freeze()
        await bus.take("key", limit=1, per=MINUTE)
        await until(lambda: bool(bus.trouble()))
        for node in cluster:
            node.thaw()
        async with asyncio.timeout(20):
            await bus.link.up.wait()
            claim = asyncio.create_task(bus.claim())
            await bus.wake("a", "shop")
            assert await claim == "a"


async def test_a_cluster_may_be_lost_altogether_for_a_while(cluster: list[Server]) -> None:
    url = f"redis+cluster://{','.join(f'127.0.0.1:{node.port}' for node in cluster)}"
    with logbook() as log:
        async with buses(url, 1) as (bus,), asyncio.timeout(40):
            claim = asyncio.create_task(bus.claim())
            for node in cluster:
                node.kill()
            for _ in range(3):  # the second finds nobody to ask any more
                assert await bus.take("key", limit=9, per=MINUTE) == 0.0
                await bus.cache().set_many({"word": "hola"})
            await until(lambda: bool(bus.trouble()))
            await bus.wake("a", "shop")
            assert await claim == "a"
            for node in cluster:
                await node.start()
            await bus.link.up.wait()
            await bus.release("a")
            await bus.wake("a", "shop")
            assert await bus.claim() == "a"
    events = {line["event"] for line in log.lines}
    assert events == {"Redis is lost; working without it until it is back", "Redis is back"}, "and no loop broke"


async def test_a_cluster_nobody_of_which_answers_is_waited_for_and_given_up() -> None:
    with pytest.raises(Unavailable, match="reachable node"):
        await bus_on(f"redis+cluster://127.0.0.1:{free_port()}", patience=0.0).open()


async def test_what_is_no_sentinel_is_told_in_plain_words() -> None:
    plain = (await shared()).url.replace("redis:", "redis+sentinel:") + "/main"
    with pytest.raises(Unavailable, match="is a Redis and no Sentinel; see"):
        await bus_on(plain, patience=0.0).open()
    with pytest.raises(
        Unavailable, match="No master found for 'main': its Sentinels can't be reached, or don't know it; see"
    ):
        await bus_on(f"redis+sentinel://127.0.0.1:{free_port()}/main", patience=0.0).open()


async def test_one_server_is_no_cluster_and_a_node_of_one_is_not_all_of_it(cluster: list[Server]) -> None:
    with pytest.raises(Unavailable, match="[Cc]luster mode is not enabled"):
        await bus_on((await shared()).url.replace("redis:", "redis+cluster:"), patience=0.0).open()
    for node in cluster:
        with pytest.raises(Misconfigured, match="redis\\+cluster://"):
            await bus_on(node.url).open()


async def in_one_slot(node: Server) -> None:
    """What goes together, for every script and subscription."""
    keys = Keys("any.prefix:at-all")
    client = parse(f"redis+cluster://127.0.0.1:{node.port}").client(1.0)
    assert isinstance(client, RedisCluster)
    async with client:
        for together in (
            (
                *(*keys.scheduling, f"{keys.scheduling[2]}:shop", keys.deployment),
                *(keys.rate("a} {strange key"), *keys.pace("a} {strange key")),
                *(keys.live, keys.live_of("shop"), keys.live_of("bank")),
            ),
            (keys.agents("shop"), f"{keys.agents('shop')}:agent"),
        ):
            assert len({client.keyslot(key) for key in together}) == 1
            assert {await node.ask("CLUSTER", "KEYSLOT", key) for key in together} == {client.keyslot(together[0])}
