"""A row that waits for another try is not overtaken, however the moments fall."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from orchestrator.engine.deliver import BATCH, Deliverer
from orchestrator.types import Committed, Outgoing, Rendering
from tests.support.builders import conversation, message, outgoing
from tests.support.clock import ManualClock


class Slow:
    """A store that takes two seconds to look into its outbox, and tells what was due when it was asked."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.waiting: list[Outgoing] = []

    async def due(self, now: datetime, limit: int, *, hold: float = 0.0) -> Sequence[Outgoing]:
        found = [row for row in self.waiting if row.due_at <= now][:limit]
        self.clock.advance(2)
        return found

    async def settle(self, row: Outgoing) -> Sequence[str]:
        self.waiting = [row] if row.state == "pending" else []
        return []


class Platform:
    """Refuses the first try of the first row."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.sent: list[str] = []
        self.refused = False

    async def attempt(self, row: Outgoing, going: Any) -> Outgoing:
        if not self.refused:
            self.refused = True
            return replace(row, attempts=1, due_at=self.clock.now() + timedelta(seconds=1))
        self.sent.append(row.id)
        return replace(row, state="sent")


class Counts:
    def delivery(self, channel: str, outcome: str) -> None:
        """Not of interest here."""


async def test_a_row_that_comes_due_while_the_store_is_asked_goes_first() -> None:
    clock = ManualClock()
    store, platform = Slow(clock), Platform(clock)
    deliverer = Deliverer(store, platform, clock, Counts(), sweep=5)  # type: ignore[arg-type]
    head = conversation()
    first, second = (
        replace(outgoing(message(head, f"line {seq}"), head), seq=seq, renderings=(Rendering(parts=()),))
        for seq in (1, 2)
    )
    await deliverer.look()
    await deliverer.hand(Committed(conversation=head), [first], clock.monotonic())
    await asyncio.gather(*deliverer.tasks)
    await deliverer.look()  # asked a moment before the first is due; answered after
    await deliverer.hand(Committed(conversation=head), [second], clock.monotonic())
    assert platform.sent == []
    await deliverer.look()
    await asyncio.gather(*deliverer.tasks)
    assert platform.sent == [first.id]


async def test_nobody_is_let_go_while_the_store_may_have_more_that_is_due() -> None:
    clock = ManualClock()
    store, platform = Slow(clock), Platform(clock)
    platform.refused = True
    deliverer = Deliverer(store, platform, clock, Counts(), sweep=5)  # type: ignore[arg-type]
    heads = [conversation() for _ in range(BATCH + 1)]
    rows = [replace(outgoing(message(head, "line"), head), renderings=(Rendering(parts=()),)) for head in heads]
    store.waiting = rows
    deliverer.parked[heads[-1].id] = clock.now()
    await deliverer.look()
    assert heads[-1].id in deliverer.parked
    await asyncio.gather(*deliverer.tasks)
    store.waiting = rows[-1:]
    await deliverer.look()
    await asyncio.gather(*deliverer.tasks)
    assert platform.sent[-1] == rows[-1].id
    assert deliverer.parked == {}


class Shelf:
    """What a process that was killed has left; alone, one after the other."""

    def __init__(self, *rows: Outgoing) -> None:
        self.rows = list(rows)

    async def due(self, now: datetime, limit: int, *, hold: float = 0.0) -> Sequence[Outgoing]:
        return [row for row in self.rows[:1] if row.due_at <= now]

    async def settle(self, row: Outgoing) -> Sequence[str]:
        self.rows = [each for each in self.rows if each.id != row.id]
        return [each.id for each in self.rows]


@pytest.mark.parametrize("later", [0, 60])
async def test_what_a_killed_process_left_is_not_overtaken(later: int) -> None:
    """Due at once, or only when it is tried again."""
    clock = ManualClock()
    head = conversation()
    first, second, third = (
        replace(
            outgoing(message(head, f"line {seq}"), head),
            seq=seq,
            due_at=clock.now() + timedelta(seconds=later),
            renderings=(Rendering(parts=()),),
        )
        for seq in (1, 2, 3)
    )
    store, platform = Shelf(first, second), Platform(clock)
    platform.refused = True
    deliverer = Deliverer(store, platform, clock, Counts(), sweep=5)  # type: ignore[arg-type]
    await deliverer.look()
    await asyncio.gather(*deliverer.tasks)
    store.rows.append(third)
    await deliverer.hand(Committed(conversation=head), [third], clock.monotonic())
    await asyncio.gather(*deliverer.tasks)
    clock.advance(later)
    for _ in range(3):
        await deliverer.look()
        await asyncio.gather(*deliverer.tasks)
    assert platform.sent == [first.id, second.id, third.id]
