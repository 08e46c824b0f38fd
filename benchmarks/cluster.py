"""The cluster against the kit's floor over PostgreSQL and Redis: turns, round trips, and what much of it costs.

All of Parley's processes share one core, as the floor's one does; PostgreSQL, Redis, the bot and the load have another.
So a second worker shows what sharing work costs, not what a second core brings.
"""

import asyncio
import os
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import kit, setup
from benchmarks.embedded import Report, webhook_bot
from benchmarks.scale import COPIED, OWN
from benchmarks.servers import LOAD_CORE, SERVER_CORE, free_port, running
from tests.support import postgres
from tests.support.redis import Server as Redis

OPTIONS = ("shared_preload_libraries=pg_stat_statements", "shared_buffers=256MB", "max_wal_size=4GB")
CALLS = (
    "SELECT sum(calls)::float, sum(total_exec_time) FROM pg_stat_statements "
    "WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat%'"
)
WORKERS = (1, 2, 4)
LENGTHS = (10, 1_000, 30_000)
COUNTS = (1_000, 100_000, 1_000_000)
COUNTED = 500
"""Turns that are counted and not timed: MONITOR slows Redis down."""


@dataclass
class Engines:
    """A PostgreSQL that keeps what it is told (fsync), and a Redis, on the load's core."""

    database: postgres.Server
    redis: Redis

    def ask(self, name: str, *statements: str) -> list[Any]:
        """The rows of the last one."""

        async def asked() -> list[Any]:
            db = await self.database.connect(name)
            try:
                for statement in statements[:-1]:
                    await db.execute(statement, timeout=3600)
                return list(await db.fetch(statements[-1], timeout=3600))
            finally:
                await db.close()

        return asyncio.run(asked())

    def empty(self, name: str) -> str:
        """A new database's name."""
        self.ask("postgres", f"CREATE DATABASE {name}")
        self.ask(name, "CREATE EXTENSION pg_stat_statements")
        return name


@contextmanager
def engines() -> Iterator[Engines]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-bench-redis-")))
        database = postgres.new_server(*OPTIONS)
        stack.callback(postgres.end, database)
        redis = Redis(folder)
        stack.callback(redis.kill)
        asyncio.run(started(database, redis))
        for process in (database.process, redis.process):
            assert process is not None
            os.sched_setaffinity(process.pid, {LOAD_CORE})
        yield Engines(database, redis)


async def started(database: postgres.Server, redis: Redis) -> None:
    await database.ready()
    await redis.start()


def floor(stack: ExitStack, folder: Path, bot: int, here: Engines) -> setup.Target:
    """One process: message durable before it is acknowledged, two Lua calls a turn, everything coalesced."""
    port = free_port()
    env = {
        "FT_HTTP": "fastapi",
        "FT_BOT": "aiohttp",
        "FT_STORE": "pgredis",
        "FT_COAL": "1",
        "FT_ACK": "inbox",
        "FT_BOT_PORT": str(bot),
        "FT_PG": here.database.url(here.empty("floor"), tcp=True),
        "FT_REDIS": str(here.redis.port),
    }
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(Path(kit.file("floor_turn.py")).parent)]
    command += ["floor_turn:app", "--port", str(port), "--log-level", "warning", "--no-access-log"]
    pid = stack.enter_context(running(command, port=port, core=SERVER_CORE, env=env, log=folder / "floor.log"))
    return setup.Target(url=f"http://127.0.0.1:{port}/hook", pid=pid, callback_port=free_port())


@dataclass
class Cluster:
    target: setup.Target
    pids: list[int]
    database: str

    def load(self, turns: int, *options: str) -> dict[str, Any]:
        more = [word for pid in self.pids for word in ("--pid", str(pid))]
        return load(self.target, turns, *more, *options)


def load(target: setup.Target, turns: int, *options: str) -> dict[str, Any]:
    given = ("--turns", str(turns), "--conns", "32", *options)
    return kit.drive(target.url, *given, callback_port=target.callback_port, pid=target.pid, body=target.body)


def cluster(stack: ExitStack, folder: Path, bot: int, here: Engines, name: str, workers: int) -> Cluster:
    """A web process and so many workers, as `parley serve --role` starts them; the database may have been filled."""
    folder.mkdir(exist_ok=True)
    callback = free_port()
    hook = {"kind": "webhook", "signature": "none", "url": f"http://127.0.0.1:{callback}/", "allow_private": True}
    shop: dict[str, object] = {
        "bot": "echo",
        "bots": {"echo": webhook_bot(bot)},
        "nlp": {"enabled": False, "translators": "none"},
        "channels": {"bench": hook | {"rate": 1_000_000}},
    }
    config = folder / "parley.toml"
    sections = [
        setup.table("server", {"secret": "what every process of the benchmark signs with"}),
        setup.table("store", {"url": here.database.url(name, tcp=True), "media": "media"}),
        setup.table("bus", {"url": here.redis.url, "prefix": f"bench-{name}"}),
        setup.table("log", {"level": "warning"}),
    ]
    config.write_text("\n".join([*sections, *setup.tables("apps.shop", shop)]))
    program = str(Path(sys.executable).parent / "parley")
    pids, ports = [], [free_port() for _ in range(workers + 1)]
    for role, port in zip(["web", *["worker"] * workers], ports, strict=True):
        command = [program, "serve", "--role", role, "--config", str(config), "--port", str(port)]
        log = folder / f"{role}-{port}.log"
        pids.append(stack.enter_context(running(command, port=port, core=SERVER_CORE, log=log, ready="/readyz")))
    body = '{"conversation":"{{conv}}","id":"{{msg_id}}","text":"{{text}}"}'
    target = setup.Target(
        url=f"http://127.0.0.1:{ports[0]}/hooks/bench", pid=pids[0], callback_port=callback, body=body
    )
    return Cluster(target, pids[1:], name)


def measure(folder: Path, report: Report, rounds: int, turns: int, *, quick: bool) -> None:
    with ExitStack() as stack:
        here = stack.enter_context(engines())
        bot = setup.echo_bot(stack, folder)
        throughput(folder, report, here, bot, rounds, turns)
        history(folder, report, here, bot, turns // 10)
        crowd(folder, report, here, bot, turns // 10, COUNTS[:2] if quick else COUNTS)


def throughput(folder: Path, report: Report, here: Engines, bot: int, rounds: int, turns: int) -> None:
    """The floor and the cluster in turns, the ratio within each round; one at a time for the latency."""
    with ExitStack() as stack:
        base = floor(stack, folder, bot, here)
        load(base, turns // 4)
        for workers in WORKERS:
            with ExitStack() as inner:
                name = here.empty(f"workers_{workers}")
                ours = cluster(inner, folder / name, bot, here, name, workers)
                ours.load(turns // 4)
                pairs = [(load(base, turns), ours.load(turns)) for _ in range(rounds)]
                slow = [load(base, turns // 10, "--conns", "1"), ours.load(turns // 10, "--conns", "1")]
                told(report, workers, pairs, slow)
                if workers == 1:
                    counted(report, here, ours)


def told(report: Report, workers: int, pairs: list[tuple[Any, Any]], slow: list[dict[str, Any]]) -> None:
    ratio = statistics.median(mine["turns_per_s"] / base["turns_per_s"] for base, mine in pairs)

    def middle(key: str) -> str:
        return " / ".join(f"{statistics.median(pair[side][key] for pair in pairs):.0f}" for side in (0, 1))

    many = f"{workers} worker{'s' if workers > 1 else ''}"
    report(f"cluster, {many}: turns/s against the floor", f"{ratio:.2f} ×", "≥ 0.6 (one core for all processes)")
    report("  turns/s, floor / Parley", middle("turns_per_s"), "")
    report("  server CPU µs a turn, floor / Parley", middle("server_cpu_us_per_turn"), "")
    for key in ("p50_ms", "p99_ms"):
        report(
            f"  {key.removesuffix('_ms')} at low load, floor / Parley",
            f"{slow[0][key]:.2f} / {slow[1][key]:.2f} ms",
            "",
        )


def counted(report: Report, here: Engines, ours: Cluster) -> None:
    """Statements as PostgreSQL counts them; commands as Redis is sent them, without those that scripts run."""
    for conns in ("1", "32"):
        here.ask(ours.database, "SELECT pg_stat_statements_reset()")
        sent = asyncio.run(monitored(here, partial(ours.load, COUNTED, "--conns", conns)))
        ((calls, _),) = here.ask(ours.database, CALLS)
        names = ", ".join(f"{name} {count / COUNTED:.2f}" for name, count in sent.most_common(4))
        report(f"  PostgreSQL statements a turn, {conns} at once", f"{calls / COUNTED:.2f}", "≤ 3, and 1 to settle")
        report(f"  Redis commands a turn, {conns} at once", f"{sent.total() / COUNTED:.2f}", f"≤ 3 ({names})")


async def monitored(here: Engines, run: Callable[[], object]) -> Counter[str]:
    sent: Counter[str] = Counter()
    async with here.redis.client() as client, client.monitor() as monitor:

        async def listen() -> None:
            async for one in monitor.listen():
                if one["client_type"] != "lua":
                    sent[one["command"].split(" ")[0].upper()] += 1

        listening = asyncio.create_task(listen())
        await asyncio.to_thread(run)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
    return sent


def history(folder: Path, report: Report, here: Engines, bot: int, turns: int) -> None:
    """One conversation as it grows: CPU of Parley, and time in PostgreSQL."""
    name = here.empty("history")
    costs = []
    with ExitStack() as stack:
        ours = cluster(stack, folder / name, bot, here, name, 1)
        one = ("--conversations", "1", "--conns", "1")
        ours.load(200, *one)
        for length in LENGTHS:
            lengthen(here, name, length)
            ours.load(20, *one)
            costs.append(costed(here, ours, turns, *one))
    shown(report, "history of " + " / ".join(f"{length:,}" for length in LENGTHS) + " messages", costs, "± 10 %")


def lengthen(here: Engines, name: str, length: int) -> None:
    """As long as that, by copies of its first answer."""
    columns = [row[0] for row in here.ask(name, columns_of("messages"))]
    copied = ", ".join("s.n" if column == "seq" else copy_of(column, "", "s.n") for column in columns)
    here.ask(
        name,
        f"INSERT INTO messages ({', '.join(columns)}) SELECT {copied} FROM conversations c, "
        f"generate_series(c.last_seq + 1, {length}) AS s (n), "
        "LATERAL (SELECT * FROM messages m WHERE m.conversation_id = c.id AND role = 'bot' ORDER BY seq LIMIT 1) AS t",
        f"UPDATE conversations SET last_seq = {length}, processed_seq = {length} WHERE last_seq < {length}",
        "ANALYZE",
        "SELECT 1",
    )


def crowd(folder: Path, report: Report, here: Engines, bot: int, turns: int, counts: tuple[int, ...]) -> None:
    """As many conversations in the database, each with a turn in its past."""
    name, costs = here.empty("crowd"), []
    with ExitStack() as stack:
        ours = cluster(stack, folder / name, bot, here, name, 1)
        ours.load(1, "--conversations", "1")
        before = 1
        for count in counts:
            multiply(here, name, before, count)
            before = count
            ours.load(turns // 2, "--conv-prefix", f"{count}-")
            costs.append(costed(here, ours, turns, "--conv-prefix", f"{count}-"))
    shown(report, " / ".join(f"{count:,}" for count in counts) + " conversations", costs, "± 20 %")


def multiply(here: Engines, name: str, before: int, count: int) -> None:
    """Copy the oldest conversation, with all that belongs to it."""
    ((original, customer),) = here.ask(
        name, "SELECT id, customer_id FROM conversations ORDER BY created_at, length(id) LIMIT 1"
    )
    series = f"generate_series({before}, {count - 1}) AS s (n)"
    for table in COPIED:
        columns = [row[0] for row in here.ask(name, columns_of(table))]
        copied = ", ".join(copy_of(column, original, "s.n") for column in columns)
        whose = {"customers": f"id = '{customer}'", "conversations": f"id = '{original}'"}
        where = whose.get(table, f"conversation_id = '{original}'")
        here.ask(
            name, f"INSERT INTO {table} ({', '.join(columns)}) SELECT {copied} FROM {table} t, {series} WHERE {where}"
        )
    here.ask(name, "ANALYZE", "SELECT 1")


def columns_of(table: str) -> str:
    return (
        f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' "
        "AND table_schema = 'public' AND is_generated = 'NEVER' ORDER BY ordinal_position"
    )


def copy_of(column: str, original: str, number: str) -> str:
    if column in OWN - ({"conversation_id", "customer_id"} if not original else set()):
        return f"CASE WHEN t.{column} = '' THEN '' ELSE t.{column} || '-' || {number} END"
    if original and column in ("head", "body"):
        return f"replace(t.{column}, '{original}', '{original}-' || {number})"
    return f"t.{column}"


def costed(here: Engines, ours: Cluster, turns: int, *options: str) -> tuple[float, float]:
    """CPU of Parley's processes and time in PostgreSQL, µs a turn."""
    here.ask(ours.database, "SELECT pg_stat_statements_reset()")
    result = ours.load(turns, *options)
    ((_, spent),) = here.ask(ours.database, CALLS)
    return result["server_cpu_us_per_turn"], spent * 1000 / turns


def shown(report: Report, what: str, costs: list[tuple[float, float]], goal: str) -> None:
    report(f"cluster, {what}", "", goal)
    report("  Parley's CPU µs a turn", " / ".join(f"{cpu:.0f}" for cpu, _ in costs), "")
    report("  time in PostgreSQL µs a turn", " / ".join(f"{spent:.0f}" for _, spent in costs), "")
