"""What a turn costs on the bus: wake → claim → release, with a live update besides, over a Redis of its own.

    python benchmarks/bus.py --turns 20000 --concurrency 1 32

One process wakes and works, as `--role all` does. Compared in the same run with the same cycle by single commands
(XADD, XREADGROUP, XACK, XDEL), each a round trip. Commands are counted by Redis: those it was sent (MONITOR tells them
from those of scripts) and all it ran (INFO commandstats). Believe ratios of one run only.
"""

import argparse
import asyncio
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import uvloop
from redis.asyncio import Redis
from redis.exceptions import RedisError

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.redisbus import RedisBus
from orchestrator.types import TypingChanged

APPS = 4
COUNTED = 2000
"""Turns under MONITOR, which slows Redis down: they are counted and not timed."""


@dataclass(frozen=True)
class Cost:
    turns_per_second: float
    cpu_us: float


@asynccontextmanager
async def redis_server() -> AsyncIterator[Redis]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    program = shutil.which("valkey-server") or shutil.which("redis-server") or "redis-server"
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--port", str(port), "--save", "", "--dir", folder, "--bind", "127.0.0.1"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: ASYNC220 - it only starts
        try:
            async with Redis(port=port, protocol=2, max_connections=10_000) as client:
                while True:
                    with suppress(RedisError):
                        await client.execute_command("PING")
                        break
                    await asyncio.sleep(0.01)
                yield client
        finally:
            process.terminate()
            process.wait()


async def timed(run: Callable[[int], Awaitable[None]], turns: int) -> Cost:
    await run(min(turns, 500))
    began, cpu = time.perf_counter(), time.process_time()
    await run(turns)
    return Cost(turns / (time.perf_counter() - began), (time.process_time() - cpu) / turns * 1e6)


def update(number: int) -> TypingChanged:
    return TypingChanged(app_id=f"app{number % APPS}", conversation_id=str(number), role="bot", author="guide", on=True)


def over_bus(bus: RedisBus, concurrency: int, live: bool) -> Callable[[int], Awaitable[None]]:
    """`concurrency` conversations at a time; each turn's end begins the next one, as a platform's traffic would."""

    async def run(turns: int) -> None:
        left = iter(range(concurrency, turns))
        finished = asyncio.Event()
        done = 0

        async def work(conversation: str) -> None:
            nonlocal done
            if live:
                await bus.publish(update(int(conversation)))
            await bus.release(conversation)
            done += 1
            if (number := next(left, None)) is not None:
                await bus.wake(str(number), f"app{number % APPS}")
            elif done == turns:
                finished.set()

        async def claims() -> None:
            while True:
                tasks.add(asyncio.create_task(work(await bus.claim(concurrency))))

        tasks: set[asyncio.Task[None]] = set()
        for number in range(min(concurrency, turns)):
            await bus.wake(str(number), f"app{number % APPS}")
        claiming = asyncio.create_task(claims())
        await finished.wait()
        claiming.cancel()
        await asyncio.gather(claiming, return_exceptions=True)

    return run


def one_by_one(client: Redis, concurrency: int) -> Callable[[int], Awaitable[None]]:
    async def run(turns: int) -> None:
        left = iter(range(turns))

        async def worker() -> None:
            for number in left:
                await client.xadd("plain", {"c": number})
                ((_, ((entry, _),)),) = await client.xreadgroup("group", "me", {"plain": ">"}, count=1)
                await client.xack("plain", "group", entry)
                await client.xdel("plain", entry)

        await asyncio.gather(*(worker() for _ in range(concurrency)))

    return run


async def counted(client: Redis, run: Callable[[int], Awaitable[None]]) -> tuple[float, float, Counter[str]]:
    """Commands sent and commands run, a turn, and which were sent."""
    sent: Counter[str] = Counter()
    await client.config_resetstat()
    async with client.monitor() as monitor:

        async def listen() -> None:
            async for one in monitor.listen():
                if one["client_type"] != "lua":
                    sent[one["command"].split(" ")[0].upper()] += 1

        listening = asyncio.create_task(listen())
        await run(COUNTED)
        stats = await client.info("commandstats")
        await asyncio.sleep(0.2)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    ran = sum(one["calls"] for name, one in stats.items() if name.split("_")[1].split("|")[0] not in ("info", "config"))
    del sent["INFO"]
    return sum(sent.values()) / COUNTED, ran / COUNTED, sent


async def deployment() -> str:
    return "benchmark"


async def measure(turns: int, concurrency: int, out: Callable[[str], object]) -> None:
    async with redis_server() as client:
        await client.xgroup_create("plain", "group", mkstream=True)
        url = f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}"
        bus = RedisBus(url, SystemClock(), deployment=deployment)
        await bus.open()
        plain = await timed(one_by_one(client, concurrency), turns)
        out(f"{concurrency:>4}  single commands     {plain.turns_per_second:>8.0f}/s {plain.cpu_us:>7.0f} µs CPU")
        for live in (False, True):
            run = over_bus(bus, concurrency, live)
            before = bus.line.round_trips
            cost = await timed(run, turns)
            trips = (bus.line.round_trips - before) / (turns + min(turns, 500))
            sent, ran, which = await counted(client, run)
            out(
                f"{concurrency:>4}  RedisBus{', one update' if live else '            '}"
                f"{cost.turns_per_second:>8.0f}/s {cost.cpu_us:>7.0f} µs CPU  {sent:.2f} commands sent a turn"
                f" ({', '.join(f'{name} {number / COUNTED:.2f}' for name, number in which.most_common(4))}),"
                f" {ran:.1f} run, {trips:.2f} pipelines"
            )
        await bus.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=20_000)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 32])
    asked = parser.parse_args()
    for concurrency in asked.concurrency:
        uvloop.run(measure(asked.turns, concurrency, lambda line: sys.stdout.write(line + "\n")))


if __name__ == "__main__":
    main()
