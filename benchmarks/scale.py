"""What much of it costs: a million stored conversations, ten thousand open ones, a thousand connected widgets."""

import asyncio
import sqlite3
import statistics
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import aiohttp

from benchmarks import setup
from benchmarks.embedded import ROOT, Report, load, webhook_bot
from benchmarks.servers import memory_mb, pause

COPIED = ("customers", "identities", "conversations", "messages", "outbox", "traces")
OWN = frozenset({"id", "customer_id", "conversation_id", "address", "message_id", "external_id", "turn_id"})
"""Columns in which every copy differs."""
ECHO: dict[str, object] = {"kind": "python", "bot": "benchmarks.echo:reply", "path": str(ROOT)}
WIDGETS = 1_000


def crowd(folder: Path, report: Report, rounds: int, turns: int, conversations: int = 1_000_000) -> None:
    """CPU of a turn with a thousand conversations in the database, and with a million."""
    with ExitStack() as stack:
        bot = setup.echo_bot(stack, folder)
        for name, count in (("few", 1_000), ("many", conversations)):
            with ExitStack() as first:
                load(setup.parley(first, folder / name, bot=webhook_bot(bot)), 1, "--conversations", "1")
            multiply(folder / name / "bench.db", count)
        few, many = (setup.parley(stack, folder / name, bot=webhook_bot(bot)) for name in ("few", "many"))
        for target in (few, many):
            load(target, turns // 4)
        costs = [[load(target, turns)["server_cpu_us_per_turn"] for target in (few, many)] for _ in range(rounds)]
    small, large = (statistics.median(pair[side] for pair in costs) for side in (0, 1))
    ratio = statistics.median(pair[1] / pair[0] for pair in costs)
    report(f"CPU of a turn, {conversations:,} stored against 1,000", f"{ratio:.2f} ×", "± 20 %")
    report("  CPU µs a turn", f"{small:.0f} / {large:.0f}", "")


def multiply(path: Path, count: int) -> None:
    """Copy the one conversation of the database, with all that belongs to it, until there are `count`."""
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA synchronous = OFF")
        (original,) = db.execute("SELECT id FROM conversations").fetchone()
        for table in COPIED:
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            copied = ", ".join(copy_of(column, original) for column in columns)
            db.execute(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {copied} FROM (SELECT * FROM {table}) t, n",
                (count - 1,),
            )
        db.execute("ANALYZE")
    db.close()


def copy_of(column: str, original: str) -> str:
    if column in OWN:
        return f"iif(t.{column} = '', '', t.{column} || '-' || n.i)"
    if column in ("head", "body"):
        return f"replace(t.{column}, '{original}', '{original}-' || n.i)"
    return f"t.{column}"


def conversations(folder: Path, report: Report, count: int = 10_000) -> None:
    """What ten thousand more open conversations add to the memory of a server that has worked for a while."""
    with ExitStack() as stack:
        ours = setup.parley(stack, folder / "conversations", bot=ECHO)
        load(ours, 4_000, "--conversations", "400")
        pause(1)
        before = memory_mb(ours.pid)
        load(ours, count, "--conversations", str(count))
        pause(1)
        after = memory_mb(ours.pid)
    report(f"memory for {count:,} open conversations", f"{after - before:.1f} MB", "≤ 10 MB")


def widgets(folder: Path, report: Report) -> None:
    """What a connected widget costs: each has a conversation, and has heard one answer."""
    with ExitStack() as stack:
        web: dict[str, object] = {"kind": "webchat", "rate": 1_000_000, "sockets_per_address": 10 * WIDGETS}
        app: dict[str, object] = {"channels": {"web": web}}
        ours = setup.parley(stack, folder / "widgets", bot=ECHO, app=app)
        base = ours.url.removesuffix("/hooks/bench")
        before, after = asyncio.run(connected(base, lambda: memory_mb(ours.pid)))
    report(
        f"memory for each of {WIDGETS:,} connected widgets", f"{(after - before) * 1000 / WIDGETS:.1f} KB", "≤ 25 KB"
    )


async def connected(base: str, memory: Callable[[], float]) -> tuple[float, float]:
    """MB with fifty widgets, which have warmed everything up, and with a thousand more."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http, asyncio.TaskGroup() as group:
        ends = asyncio.Event()
        measured = []
        for count in (50, WIDGETS):
            ready = asyncio.Semaphore(0)
            for _ in range(count):
                group.create_task(widget(http, base, ready, ends))
                await asyncio.sleep(0.005)
            for _ in range(count):
                await ready.acquire()
            await asyncio.sleep(1)
            measured.append(memory())
        ends.set()
    return measured[0], measured[1]


async def widget(http: aiohttp.ClientSession, base: str, ready: asyncio.Semaphore, ends: asyncio.Event) -> None:
    """Says one line, waits for the bot's, then stays: who does not read answers no ping, and is hung up on."""
    async with http.post(f"{base}/webchat/web/session", json={}) as answer:
        token = (await answer.json())["token"]
    async with http.ws_connect(f"{base}/webchat/web/ws") as line:
        await line.send_json({"type": "hello", "token": token, "after": 0})
        await line.send_json({"type": "send", "client_id": uuid4().hex, "text": "hello"})
        staying = asyncio.create_task(stay(line, ready))
        await ends.wait()
        staying.cancel()


async def stay(line: aiohttp.ClientWebSocketResponse, ready: asyncio.Semaphore) -> None:
    answered = False
    async for frame in line:
        told = frame.json()
        if not answered and any(said.get("role") == "bot" for said in (told, *told.get("messages", ()))):
            answered = True
            ready.release()
    raise RuntimeError("a widget was hung up on: what its connection costs can't be told")
