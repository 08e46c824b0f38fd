"""What breaks: each kind once in every round, in an order the seed draws."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable

from tests.chaos.scene import HOLD, LEASE, Scene
from tests.support.process import Served

Breakage = Callable[[], Awaitable[None]]


class Havoc:
    def __init__(self, scene: Scene, chance: random.Random) -> None:
        self.scene = scene
        self.chance = chance
        self.kinds: dict[str, Breakage] = {
            "kill -9 a worker": self.kill_worker,
            "kill -9 all workers": self.kill_workers,
            "kill -9 a web process": self.kill_web,
            "kill -9 Redis and start it": self.restart_redis,
            "kill -9 Redis, whose replica takes over": self.fail_redis_over,
            "FLUSHALL": self.flush_redis,
            "stop PostgreSQL at once and start it": self.crash_postgres,
            "pause a worker past its lease and its hold": self.pause_worker,
        }

    async def wreak(self, stopped: asyncio.Event) -> None:
        while True:
            kinds = list(self.kinds)
            self.chance.shuffle(kinds)
            for kind in kinds:
                await asyncio.sleep(self.chance.uniform(0.3, 1.5))
                if stopped.is_set():
                    return
                self.scene.record.note(kind)
                self.scene.record.counts[f"havoc: {kind}"] += 1
                await self.kinds[kind]()

    async def kill_worker(self) -> None:
        await again(self.chance.choice(self.scene.workers))

    async def kill_workers(self) -> None:
        await asyncio.gather(*(again(each) for each in self.scene.workers))

    async def kill_web(self) -> None:
        await again(self.chance.choice(self.scene.webs))

    async def restart_redis(self) -> None:
        """Which may take so long that the replica takes over."""
        master = await self.scene.redis.master()
        master.kill()
        await asyncio.sleep(self.chance.uniform(0, 2))
        await master.start()

    async def fail_redis_over(self) -> None:
        """The replica knows most of what it did. Coming back, it takes itself for the master until it is told."""
        old = await self.scene.redis.fail_over()
        await old.start()

    async def flush_redis(self) -> None:
        await (await self.scene.redis.master()).ask("FLUSHALL")

    async def crash_postgres(self) -> None:
        await asyncio.to_thread(self.scene.database.stop, signal.SIGQUIT)
        await asyncio.sleep(self.chance.uniform(0, 1))
        self.scene.database.start()
        await self.scene.database.ready()

    async def pause_worker(self) -> None:
        """Others go on with what it had; it wakes up in the middle of what it did."""
        process = self.chance.choice(self.scene.workers).process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        await asyncio.sleep(LEASE + HOLD + self.chance.uniform(0.2, 1.5))
        os.kill(process.pid, signal.SIGCONT)


async def again(served: Served) -> None:
    await served.kill()
    await served.start()
