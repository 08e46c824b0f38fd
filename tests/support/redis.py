"""Real Redis servers: one for each test process, and others that a test may stop, freeze and lose."""

import asyncio
import atexit
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as Unconnected

from tests.support.process import PATIENCE, free_port

PROGRAM = shutil.which("valkey-server") or shutil.which("redis-server") or "redis-server"

AGE = """
local ttl = redis.call('PTTL', KEYS[1]) - tonumber(ARGV[1])
if redis.call('PTTL', KEYS[1]) > 0 then
  if ttl > 0 then redis.call('PEXPIRE', KEYS[1], ttl) else redis.call('DEL', KEYS[1]) end
end
"""


class Server:
    """`options` are those of redis.conf, as arguments. Nothing is kept on disk unless they say so.

    A Sentinel wants a `file`, in which it keeps what it finds out.
    """

    def __init__(self, folder: Path, *options: str, file: bool = False) -> None:
        self.folder = folder
        self.options = options
        self.file = file
        self.port = free_port()
        self.socket = folder / f"{self.port}.sock"
        self.url = f"redis://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        own = ("--port", str(self.port), "--unixsocket", str(self.socket), "--save", "", "--bind", "127.0.0.1")
        first = []
        if self.file:
            first = [str(self.folder / "redis.conf")]
            Path(first[0]).touch()
        log = (self.folder / f"{self.port}.log").open("ab")
        with log:
            self.process = subprocess.Popen(  # its end is waited for in `stop`
                [PROGRAM, *first, *own, "--dir", str(self.folder), *self.options], stdout=log, stderr=log
            )

    async def start(self) -> "Server":
        self.launch()
        await self.answering()
        return self

    async def answering(self) -> None:
        async with asyncio.timeout(PATIENCE), self.client() as client:
            while True:
                try:
                    await client.execute_command("PING")
                    return
                except RedisError as error:
                    assert self.process is not None
                    if self.process.poll() is not None:
                        raise AssertionError(f"redis-server ended with {self.process.returncode}") from error
                    # From Redis 7.2 on, and from Valkey, it comes while the client introduces itself.
                    if isinstance(error, AuthenticationError) or "Authentication required" in str(error):
                        return
                    await asyncio.sleep(0.01)

    def client(self) -> Redis:
        """Not over the network, and without trying again."""
        return Redis(unix_socket_path=str(self.socket), protocol=2, retry=Retry(NoBackoff(), 0))

    async def ask(self, *command: str | int | bytes) -> object:
        async with self.client() as client:
            return await client.execute_command(*command)

    async def says(self, text: str, *command: str) -> None:
        """Once it answers the command with this. Sentinels cut the lines of whom they make something else."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(Unconnected):
                    if text in str(await self.ask(*command)):
                        return
                await asyncio.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.process is not None:
            self.process.wait()


class Guarded:
    """A server and its replica behind a Sentinel, which decides who is which; each remembers what it was told to be."""

    def __init__(self, one: Server, other: Server, sentinel: Server) -> None:
        self.servers = (one, other)
        self.sentinel = sentinel
        self.url = f"redis+sentinel://127.0.0.1:{sentinel.port}/main"

    async def begin(self, *, down_after: float) -> "Guarded":
        """`down_after` so many seconds of silence the replica takes over."""
        one, other = self.servers
        await other.ask("REPLICAOF", "127.0.0.1", one.port)
        await other.ask("CONFIG", "REWRITE")
        for line in (
            ("MONITOR", "main", "127.0.0.1", one.port, 1),
            ("SET", "main", "down-after-milliseconds", round(down_after * 1000)),
            ("SET", "main", "failover-timeout", 1000),
        ):
            await self.sentinel.ask("SENTINEL", *line)
        return self

    async def master(self) -> Server:
        """By the Sentinel's word."""
        _, port = await self.sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main")  # type: ignore[misc]
        return next(each for each in self.servers if each.port == int(port))

    async def fail_over(self) -> Server:
        """Kill the master; returns it once the other has taken over."""
        old, new = await self.agreed()
        old.kill()
        await new.says("'role': 'master'", "INFO", "replication")
        await self.sentinel.says(str(new.port), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main")
        return old

    async def agreed(self) -> tuple[Server, Server]:
        """Master and replica, once both and the Sentinel say the same: another fail-over may just be on its way, or one
        who was killed may not yet have heard that it is no master any more."""
        async with asyncio.timeout(PATIENCE):
            while True:
                old = await self.master()
                new = next(each for each in self.servers if each is not old)
                with suppress(Unconnected):
                    if await self.agree(old, new):
                        return old, new
                await asyncio.sleep(0.02)

    async def agree(self, old: Server, new: Server) -> bool:
        """A Sentinel looks at what it knows of a replica every ten seconds, and promotes none it does not know."""
        return (
            "'role': 'master'" in str(await old.ask("INFO", "replication"))
            and "'master_link_status': 'up'" in str(await new.ask("INFO", "replication"))
            and f"127.0.0.1:{new.port}" in str(await self.sentinel.ask("SENTINEL", "REPLICAS", "main"))
            and await self.master() is old
        )


class Shared:
    """The one of this test process; empty for each test."""

    server: Server | None = None
    numbers = itertools.count()


@asynccontextmanager
async def server(*options: str, file: bool = False) -> AsyncIterator[Server]:
    """One of the test's own."""
    with tempfile.TemporaryDirectory(prefix="parley-redis-") as folder:
        made = Server(Path(folder), *options, file=file)
        try:
            yield await made.start()
        finally:
            made.kill()


@asynccontextmanager
async def guarded(*, down_after: float = 0.3) -> AsyncIterator[Guarded]:
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(server(file=True)) for _ in range(2)]
        sentinel = await stack.enter_async_context(server("--sentinel", file=True))
        yield await Guarded(one, other, sentinel).begin(down_after=down_after)


async def shared() -> Server:
    if Shared.server is None:
        folder = Path(tempfile.mkdtemp(prefix="parley-redis-"))
        Shared.server = made = Server(folder)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        atexit.register(made.kill)
        await made.start()
    await Shared.server.ask("FLUSHALL")
    return Shared.server


async def age(client: Redis, seconds: float) -> None:
    """Everything that expires does so that much sooner: time passes, without anybody waiting."""
    for key in await client.keys("*"):
        await client.eval(AGE, 1, key, round(seconds * 1000))


async def deployment() -> str:
    """What the buses of a test belong to."""
    return "the-tests"
