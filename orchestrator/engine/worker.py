"""Claims conversations and runs their turns: one at a time each, many conversations at once."""

import asyncio

import structlog

from orchestrator.engine.places import Admission, Crowded, Places
from orchestrator.engine.turn import TurnRunner
from orchestrator.errors import NotFound, Unavailable
from orchestrator.ports import Bus, Clock, Store

SWEEP_BATCH = 500
MOST_FAILURES = 3
"""Times a turn may break in a way nobody thought of before a person gets the conversation."""

log = structlog.get_logger("parley.worker")


class Worker:
    def __init__(
        self, runner: TurnRunner, *, store: Store, bus: Bus, clock: Clock, places: Places, sweep: float
    ) -> None:
        self.runner = runner
        self.store = store
        self.bus = bus
        self.clock = clock
        self.places = places
        self.seconds = sweep
        self.tasks: set[asyncio.Task[None]] = set()
        self.admissions: dict[asyncio.Task[None], Admission] = {}
        self.failures: dict[str, int] = {}
        self.parked: dict[str, dict[str, None]] = {}

    async def run(self) -> None:
        """Until cancelled; turns that are running then go on in `tasks`."""
        while True:
            admission = await self.places.admit()
            try:
                conversation_id = await self.bus.claim(self.places.room + 1)
            except BaseException:
                admission.leave()
                raise
            task = asyncio.create_task(self.work(conversation_id, admission))
            self.tasks.add(task)
            self.admissions[task] = admission
            task.add_done_callback(self.ended)

    def ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        del self.admissions[task]

    async def work(self, conversation_id: str, admission: Admission) -> None:
        more = False
        try:
            more = await self.turn(conversation_id, admission)
        except asyncio.CancelledError:
            more = True  # it is somebody else's, at once
            raise
        finally:
            placed = admission.key is not None
            admission.leave()
            structlog.contextvars.clear_contextvars()
            await self.bus.release(conversation_id)
            if more:
                await self.bus.wake(conversation_id, admission.app_id)
            if placed:
                await self.unpark(admission.app_id)

    async def unpark(self, app_id: str) -> None:
        """A turn of the app is done: one of those that were sent away for it may come."""
        parked = self.parked.get(app_id)
        if parked:
            conversation_id = next(iter(parked))
            del parked[conversation_id]
            await self.bus.wake(conversation_id, app_id)

    def dismiss(self) -> None:
        """Hand back what was claimed and waits for a place."""
        for task, admission in self.admissions.items():
            if admission.waits:
                task.cancel()

    async def turn(self, conversation_id: str, admission: Admission) -> bool:
        """Never raises but for cancellation: what broke is tried again by the sweep, at last without the bot."""
        broken = self.failures.get(conversation_id, 0)
        try:
            more = await self.runner.run(conversation_id, admission, give_up=broken >= MOST_FAILURES)
        except Crowded:
            # Not claimed any more, only remembered; should this process end, the sweep finds it.
            self.parked.setdefault(admission.app_id, {})[conversation_id] = None
            return False
        except Unavailable as error:
            log.warning("turn postponed", conversation_id=conversation_id, error=str(error))
            return False
        except NotFound:
            log.warning("woken for a conversation that is gone", conversation_id=conversation_id)
            return False
        except Exception:
            self.failures[conversation_id] = broken + 1
            log.exception("turn broke", conversation_id=conversation_id, times=broken + 1)
            return False
        self.failures.pop(conversation_id, None)
        return more

    async def sweep(self) -> None:
        """Find work whose wake-up was lost: at the start, and every so often. Until cancelled."""
        while True:
            try:
                for conversation_id in await self.store.unfinished(self.clock.now(), SWEEP_BATCH):
                    await self.bus.wake(conversation_id)
            except Unavailable as error:
                log.warning("sweep postponed", error=str(error))
            await asyncio.sleep(self.seconds)
