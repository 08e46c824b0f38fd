"""A real PostgreSQL of the test process's own: made at first use in a temporary folder, gone when the process ends.

`database(folder)` names an empty, migrated database for a folder, the same one each time it is asked.
"""

import asyncio
import atexit
import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg

from orchestrator.adapters.postgres.store import PostgresStore
from orchestrator.ports import Clock
from tests.support.clock import ManualClock
from tests.support.process import free_port

USER, PASSWORD = "parley", "correct horse"
KEPT = 4
"""Databases there are: the one that was asked for longest ago is emptied for the next folder."""
EMPTY = """
DO $$
DECLARE
    place text;
BEGIN
    FOR place IN SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'
        AND table_type = 'BASE TABLE' AND table_name NOT IN ('parley_revision', 'deployment', 'sweeps')
    LOOP
        EXECUTE 'DELETE FROM ' || quote_ident(place);
    END LOOP;
    UPDATE sweeps SET after = '';
END
$$
"""
"""A hundred times quicker than a copy of the template, or TRUNCATE."""
TEMPLATE = "parley_template"
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "wal_level=minimal", "max_wal_senders=0")
LINUX_PR_SET_PDEATHSIG = 1


def programs() -> Path:
    """Debian keeps initdb and postgres out of the PATH, one folder for each version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    beside = shutil.which("initdb")
    assert beside, "PostgreSQL is not installed: run scripts/debian test"
    return Path(beside).resolve().parent


@cache
def owner() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "postgres" if os.getuid() == 0 else None


def leave_with_us() -> None:
    """Runs in the child: should this process be killed, the server goes too."""
    ctypes.CDLL(None).prctl(LINUX_PR_SET_PDEATHSIG, signal.SIGINT)


@dataclass
class Server:
    """`start` and `kill` may take turns: the data stays."""

    folder: Path
    port: int
    options: tuple[str, ...] = FAST
    process: "subprocess.Popen[bytes] | None" = None
    databases: dict[Path, str] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    marks: dict[str, str] = field(default_factory=dict)

    def url(self, database: str, *, tcp: bool = False, password: str = PASSWORD) -> str:
        if tcp:
            return (
                f"postgresql://{USER}:{password.replace(' ', '%20')}@127.0.0.1:{self.port}/{database}?sslmode=disable"
            )
        return f"postgresql://{USER}@/{database}?host={self.folder}&port={self.port}"

    def make(self) -> None:
        """A cluster that trusts its socket and asks for a password over TCP."""
        if owner():
            account = pwd.getpwnam(owner() or "")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        secret = self.folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        self.run("initdb", "--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={secret}")

    def run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [programs() / program, "-D", self.folder / "data", "-U", USER, "-E", "UTF8", "--locale=C", *arguments],
            user=owner(),
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def start(self) -> None:
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}"]
        settings += ["max_connections=200", "logging_collector=off", "log_min_messages=fatal", *self.options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [programs() / "postgres", "-D", self.folder / "data", *[word for s in settings for word in ("-c", s)]],
                user=owner(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                preexec_fn=leave_with_us,
            )

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends it in order, SIGQUIT as a crash would: it recovers at the next start."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    async def ready(self) -> None:
        async with asyncio.timeout(60):
            while True:
                if self.process is not None and self.process.poll() is not None:
                    raise AssertionError(f"postgres ended: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")
                try:
                    await (await self.connect("postgres")).close()
                except (OSError, asyncpg.CannotConnectNowError):
                    await asyncio.sleep(0.02)
                else:
                    return

    async def connect(self, database: str) -> asyncpg.Connection:
        return await asyncpg.connect(self.url(database))

    async def tell(self, *statements: str, database: str = "postgres") -> None:
        db = await self.connect(database)
        try:
            for statement in statements:
                await db.execute(statement)
        finally:
            await db.close()

    async def empty(self) -> str:
        """The name of a new database with nothing in it."""
        name = f"empty_{next(self.numbers)}"
        await self.tell(f"CREATE DATABASE {name}")
        return name

    async def database(self, folder: Path) -> str:
        """The name of the database of that folder."""
        if folder not in self.databases:
            if len(self.databases) >= KEPT:
                name = self.databases.pop(next(iter(self.databases)))
                await self.tell(EMPTY, database=name)
            else:
                name = f"parley_{next(self.numbers)}"
                await self.tell(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
            self.databases[folder] = name
        return self.databases[folder]


def new_server(*options: str) -> Server:
    """Started, but perhaps not ready yet; ends with this process at the latest."""
    folder = Path(tempfile.mkdtemp(prefix="parley-pg-"))
    server = Server(folder, free_port(), options or FAST)
    server.make()
    server.start()
    atexit.register(end, server)
    return server


def end(server: Server) -> None:
    server.stop(signal.SIGQUIT)
    shutil.rmtree(server.folder, ignore_errors=True)


@cache
def shared() -> Server:
    return new_server()


@cache
def once() -> set[str]:
    """What was done already."""
    return set()


async def running() -> Server:
    """The server of this process, with the template that tests' databases are copied from."""
    server = shared()
    if "template" not in once():
        await server.ready()
        await server.tell(f"CREATE DATABASE {TEMPLATE}")
        store = PostgresStore(server.url(TEMPLATE), ManualClock())
        await store.open()
        await store.close()
        once().add("template")
    return server


async def url_for(folder: Path, *, tcp: bool = False) -> str:
    server = await running()
    return server.url(await server.database(folder), tcp=tcp)


@asynccontextmanager
async def opened(url: str, clock: Clock | None = None, **more: Any) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(url, clock or ManualClock(), **more)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


Work = Callable[[asyncpg.Connection], Awaitable[Any]]


async def asked(url: str, sql: str, *values: Any) -> list[Any]:
    """Rows as somebody with psql would see them."""
    db = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await db.fetch(sql, *values)]
    finally:
        await db.close()
