"""Two processes deliver from one outbox, and everything takes as long as it likes: nothing goes before what is older.

The store is a model of what SQL does; calls of it, and of the platform, arrive and are answered in any order, or never.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from orchestrator.engine.deliver import Deliverer
from orchestrator.errors import Unavailable
from orchestrator.types import Committed, Outgoing, Rendering
from tests.support.builders import conversation, message, outgoing
from tests.support.clock import ManualClock

HOLD = 8.0
PROCESSES, TALKS = 2, 2
WHICH = st.integers(0, 7)


@dataclass
class Held:
    row: Outgoing
    by: int
    until: float

    def free(self, who: int, now: float) -> bool:
        return self.by < 0 or self.until <= now or self.by == who


@dataclass
class World:
    clock: ManualClock = field(default_factory=ManualClock)
    outbox: dict[str, Held] = field(default_factory=dict)
    """By id, what is pending, in the order it was committed."""
    ways: list["asyncio.Future[bool]"] = field(default_factory=list)
    """What is under way; whether it gets through is the answer."""
    got: list[Outgoing] = field(default_factory=list)

    async def under_way(self) -> bool:
        way: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.ways.append(way)
        return await way

    def waits(self, conversation_id: str) -> list[Held]:
        return [one for one in self.outbox.values() if one.row.conversation_id == conversation_id]

    async def call(self, what: Callable[[], Any]) -> Any:
        """There and back. Raises Unavailable when either is lost: what was asked for may have happened."""
        if not await self.under_way():
            raise Unavailable("lost on the way there")
        answer = what()
        if not await self.under_way():
            raise Unavailable("lost on the way back")
        return answer


@dataclass
class Side:
    """The store and the platform as one process sees them."""

    world: World
    who: int
    commits: asyncio.Lock = field(default_factory=asyncio.Lock)
    settles: asyncio.Lock = field(default_factory=asyncio.Lock)
    """As in the lanes of a store, one goes after the other."""

    async def due(self, now: datetime, limit: int, *, hold: float = 0.0) -> Sequence[Outgoing]:
        found: Sequence[Outgoing] = await self.world.call(lambda: self.taken(now, limit, hold))
        return found

    def taken(self, now: datetime, limit: int, hold: float) -> list[Outgoing]:
        moment = self.world.clock.monotonic()
        first: dict[str, Held] = {}
        for one in self.world.outbox.values():
            first.setdefault(one.row.conversation_id, one)
        found = [one for one in first.values() if one.row.due_at <= now and one.free(self.who, moment)][:limit]
        for one in found:
            one.by, one.until = self.who, moment + hold
        return [one.row for one in found]

    async def commit(self, row: Outgoing, hold: float) -> bool:
        async with self.commits:
            held: bool = await self.world.call(lambda: self.posted(row, hold))
        return held

    def posted(self, row: Outgoing, hold: float) -> bool:
        """Whether it is held for this process: not behind what another one may be sending."""
        moment = self.world.clock.monotonic()
        before = self.world.waits(row.conversation_id)
        held = all(one.by == self.who and one.until > moment for one in before)
        latest = max([row.due_at, *(one.row.due_at for one in before)])
        self.world.outbox[row.id] = Held(
            replace(row, due_at=latest), self.who if held else -1, moment + hold if held else 0.0
        )
        return held

    async def settle(self, row: Outgoing) -> Sequence[str]:
        async with self.settles:
            left: Sequence[str] = await self.world.call(lambda: self.settled(row))
        return left

    def settled(self, row: Outgoing) -> list[str]:
        known, moment = self.world.outbox.get(row.id), self.world.clock.monotonic()
        if known is not None and row.state != "pending":
            del self.world.outbox[row.id]
        elif known is not None and known.free(self.who, moment):
            known.row, known.by = row, -1
            for one in self.world.waits(row.conversation_id):
                one.row = replace(one.row, due_at=max(one.row.due_at, row.due_at))
        return [one.row.id for one in self.world.waits(row.conversation_id)]

    async def let_go(self, ids: Sequence[str]) -> None:
        await self.world.call(lambda: self.freed(ids))

    def freed(self, ids: Sequence[str]) -> None:
        for id in ids:
            if (one := self.world.outbox.get(id)) is not None and one.by == self.who:
                one.by = -1

    async def attempt(self, row: Outgoing, going: Callable[[], bool]) -> Outgoing:
        """What it takes it takes once; refused, or without an answer, it is to be tried again."""
        later = replace(row, attempts=row.attempts + 1, due_at=self.world.clock.now() + timedelta(seconds=1))
        arrived = await self.world.under_way()
        if arrived and all(one.id != row.id for one in self.world.got):
            self.world.got.append(row)
        answered = await self.world.under_way()
        return replace(row, state="sent") if arrived and answered else later

    def delivery(self, channel: str, outcome: str) -> None:
        """Nobody counts."""


class AnyOrder(RuleBasedStateMachine):
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.sides = [Side(self.world, who) for who in range(PROCESSES)]
        self.deliverers = [
            Deliverer(side, side, self.world.clock, side, sweep=5, hold=HOLD)  # type: ignore[arg-type]
            for side in self.sides
        ]
        self.heads = [conversation() for _ in range(TALKS)]
        self.said = [0] * TALKS
        self.looking: list[asyncio.Task[None] | None] = [None] * PROCESSES
        self.tasks: set[asyncio.Task[None]] = set()

    def do(self, work: Callable[[], Awaitable[None]]) -> None:
        async def done() -> None:
            await work()
            for _ in range(20):
                await asyncio.sleep(0)

        self.runner.run(done())

    def begin(self, work: Callable[[], Any]) -> None:
        async def begun() -> None:
            task = asyncio.create_task(work())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

        self.do(begun)

    @rule(who=st.integers(0, PROCESSES - 1), talk=st.integers(0, TALKS - 1))
    def say(self, who: int, talk: int) -> None:
        """A turn. The next of a conversation begins once this stands in the log, whether its process knows or not."""
        if self.said[talk] > len([one for one in self.known() if one.conversation_id == self.heads[talk].id]):
            return
        self.said[talk] += 1
        said = message(self.heads[talk], f"line {self.said[talk]}")
        row = replace(
            outgoing(said, self.heads[talk]), seq=self.said[talk], renderings=(Rendering(parts=()),),
            due_at=self.world.clock.now(),
        )  # fmt: skip
        self.begin(lambda: self.turn(who, talk, row))

    def known(self) -> list[Outgoing]:
        waiting = [one.row for one in self.world.outbox.values()]
        return [*waiting, *(one for one in self.world.got if one.id not in self.world.outbox)]

    async def turn(self, who: int, talk: int, row: Outgoing) -> None:
        deliverer, since = self.deliverers[who], self.world.clock.monotonic()
        try:
            held = await self.sides[who].commit(row, HOLD)
        except Unavailable:
            deliverer.unsure(row.conversation_id)
            if row.id not in self.world.outbox and all(one.id != row.id for one in self.world.got):
                self.said[talk] -= 1
            return
        await deliverer.hand(Committed(conversation=self.heads[talk], held=held), [row], since)

    @rule(who=st.integers(0, PROCESSES - 1))
    def look(self, who: int) -> None:
        before = self.looking[who]
        if before is not None and not before.done():
            return

        async def looks() -> None:
            try:
                await self.deliverers[who].look()
            except Unavailable:
                return

        async def begun() -> None:
            self.looking[who] = asyncio.create_task(looks())

        self.do(begun)

    @precondition(lambda self: self.world.ways)
    @rule(which=WHICH, well=st.sampled_from([True, True, True, False]))
    def arrive(self, which: int, well: bool) -> None:
        async def arrives() -> None:
            self.world.ways.pop(which % len(self.world.ways)).set_result(well)

        self.do(arrives)
        self.check()

    @rule(seconds=st.sampled_from([0.001, 1.001, HOLD / 2, HOLD + 0.001]))
    def wait(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    def check(self) -> None:
        for head in self.heads:
            seqs = [one.seq for one in self.world.got if one.conversation_id == head.id]
            assert seqs == sorted(seqs), "nothing goes before what is older"

    def teardown(self) -> None:
        """From now on all goes well: everything is delivered."""
        for _ in range(200):
            while self.world.ways:
                self.arrive(0, True)
            if not self.world.outbox and not self.tasks:
                break
            self.wait(HOLD / 2)
            for who in range(PROCESSES):
                self.look(who)
        assert not self.world.outbox
        self.check()
        for talk, head in enumerate(self.heads):
            assert len([one for one in self.world.got if one.conversation_id == head.id]) == self.said[talk]


def test_nothing_goes_before_what_is_older_whatever_takes_how_long() -> None:
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            type("Machine", (AnyOrder,), {"runner": runner}),
            settings=settings(
                max_examples=250,
                stateful_step_count=40,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
