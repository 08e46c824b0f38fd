"""Delivering beside other processes: only what is held, only as long as it is held."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from orchestrator.engine.deliver import Deliverer
from orchestrator.errors import Unavailable
from orchestrator.types import Committed, Outgoing, Rendering
from tests.support.builders import conversation, message, outgoing
from tests.support.clock import ManualClock

HOLD = 30.0


class Rows:
    """A store that others deliver from too: `left` is what it says still waits; `gate` holds up what is due."""

    def __init__(self) -> None:
        self.rows: list[Outgoing] = []
        self.left: list[str] = []
        self.settled: list[Outgoing] = []
        self.freed: list[str] = []
        self.held: list[float] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.gone = False

    async def due(self, now: datetime, limit: int, *, hold: float = 0.0) -> Sequence[Outgoing]:
        self.held.append(hold)
        rows, self.rows = self.rows, []
        await self.gate.wait()
        if self.gone:
            raise Unavailable("gone")
        return rows

    async def settle(self, row: Outgoing) -> Sequence[str]:
        self.settled.append(row)
        gone = {one.id for one in self.settled if one.state != "pending"}
        return [id for id in self.left if id not in gone]

    async def let_go(self, ids: Sequence[str]) -> None:
        if self.gone:
            raise Unavailable("gone")
        self.freed.extend(ids)


class Sends:
    """Each try waits for `gate`; it comes to `state`."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.pending: set[str] = set()
        self.fresh: list[bool] = []

    async def attempt(self, row: Outgoing, going: Any) -> Outgoing:
        self.tried.append(row.id)
        await self.gate.wait()
        self.fresh.append(going())
        return row if row.id in self.pending else replace(row, state="sent")


class Counts:
    def delivery(self, channel: str, outcome: str) -> None:
        """Not of interest here."""


class Rig:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = Rows()
        self.sends = Sends()
        self.deliverer = Deliverer(
            self.store,
            self.sends,
            self.clock,
            Counts(),
            sweep=5,
            hold=HOLD,  # type: ignore[arg-type]
        )
        self.head = conversation()
        said = [message(self.head, f"line {number}") for number in range(3)]
        self.rows = [
            replace(outgoing(one, self.head), seq=seq, renderings=(Rendering(parts=()),))
            for seq, one in enumerate(said, 1)
        ]

    async def hand(self, *rows: Outgoing, held: bool = True) -> None:
        committed = Committed(conversation=self.head, held=held)
        await self.deliverer.hand(committed, rows, self.clock.monotonic())

    async def done(self) -> None:
        await asyncio.wait_for(asyncio.gather(*self.deliverer.tasks), 15)

    async def handed(self, *rows: Outgoing) -> None:
        """Handed over, and all that comes of it has happened."""
        await self.hand(*rows)
        await self.done()

    async def finds(self, rows: Sequence[Outgoing]) -> None:
        """The store is looked into and tells of these, and all that comes of it has happened."""
        self.store.rows = list(rows)
        await self.deliverer.look()
        await self.done()


def ids(rows: Sequence[Outgoing]) -> list[str]:
    return [row.id for row in rows]


async def test_what_is_held_is_sent_in_order() -> None:
    rig = Rig()
    rig.store.left = ids(rig.rows)
    await rig.handed(*rig.rows)
    assert rig.sends.tried == ids(rig.rows)
    assert rig.deliverer.until == {}


async def test_what_another_process_may_be_sending_is_looked_for_instead() -> None:
    rig = Rig()
    await rig.hand(*rig.rows, held=False)
    assert rig.sends.tried == []
    assert rig.deliverer.kicked.is_set()
    rig.store.rows = rig.rows[:1]
    await rig.deliverer.look()
    assert rig.store.held == [HOLD]
    await rig.done()
    assert rig.sends.tried == ids(rig.rows[:1])


async def test_what_another_process_withdrew_is_not_sent() -> None:
    rig = Rig()
    rig.sends.gate.clear()
    await rig.hand(*rig.rows)
    await asyncio.sleep(0)
    rig.store.left = [rig.rows[2].id]
    rig.sends.gate.set()
    await rig.done()
    assert rig.sends.tried == [rig.rows[0].id, rig.rows[2].id]


async def test_what_another_process_committed_behind_is_looked_for() -> None:
    rig = Rig()
    rig.store.left = ["theirs"]
    await rig.handed(rig.rows[0])
    assert rig.deliverer.kicked.is_set()


async def test_what_is_handed_over_while_an_outcome_is_kept_is_not_lost() -> None:
    rig = Rig()
    settle = rig.store.settle

    async def slowly(row: Outgoing) -> Sequence[str]:
        """The second is committed and handed over after the store has looked what is left."""
        left = await settle(row)
        if len(rig.store.settled) == 1:
            await rig.hand(rig.rows[1])
        return left

    rig.store.settle = slowly  # type: ignore[method-assign]
    await rig.handed(rig.rows[0])
    assert rig.sends.tried == ids(rig.rows[:2])


async def test_what_waits_before_those_handed_over_goes_before_them() -> None:
    rig = Rig()
    rig.sends.gate.clear()
    await rig.hand(rig.rows[0])
    await rig.hand(rig.rows[2])
    rig.store.left = ids(rig.rows)
    rig.sends.gate.set()
    await rig.done()
    assert rig.sends.tried == ids(rig.rows[:1])
    assert rig.store.freed == [rig.rows[2].id]
    await rig.finds(rig.rows[1:2])
    assert rig.sends.tried == ids(rig.rows[:2])


async def test_a_commit_told_of_after_an_earlier_row_failed_waits_behind_it() -> None:
    rig = Rig()
    rig.sends.pending = {rig.rows[0].id}
    await rig.handed(rig.rows[0])
    await rig.handed(rig.rows[1])
    assert rig.sends.tried == ids(rig.rows[:1])


async def test_a_row_got_while_its_conversation_was_being_sent_is_not_overtaken() -> None:
    """It was held by looking a moment before the outcome of the one before it was known here."""
    rig = Rig()
    rig.sends.gate.clear()
    await rig.hand(rig.rows[0])
    await asyncio.sleep(0)
    rig.store.rows = rig.rows[1:2]
    await rig.deliverer.look()
    rig.sends.gate.set()
    await rig.done()
    await rig.handed(rig.rows[2])
    assert rig.sends.tried == ids(rig.rows[:1])


async def test_a_process_that_slept_through_its_hold_sends_nothing_more() -> None:
    rig = Rig()
    rig.sends.gate.clear()
    rig.store.left = ids(rig.rows)
    await rig.hand(*rig.rows)
    await asyncio.sleep(0)
    rig.clock.advance(HOLD)
    rig.sends.gate.set()
    await rig.done()
    assert rig.sends.tried == [rig.rows[0].id]
    assert rig.deliverer.kicked.is_set()


async def test_the_hold_counts_from_before_the_commit() -> None:
    rig = Rig()
    since = rig.clock.monotonic()
    rig.clock.advance(HOLD)
    await rig.deliverer.hand(Committed(conversation=rig.head), rig.rows, since)
    await rig.done()
    assert rig.sends.tried == []


async def test_there_is_no_time_for_another_part_in_the_second_half_of_a_hold() -> None:
    rig = Rig()
    await rig.handed(rig.rows[0])
    rig.sends.gate.clear()
    await rig.hand(rig.rows[1])
    await asyncio.sleep(0)
    rig.clock.advance(HOLD / 2)
    rig.sends.gate.set()
    await rig.done()
    assert rig.sends.fresh == [True, False]


async def test_those_behind_one_that_must_wait_are_let_go() -> None:
    rig = Rig()
    rig.sends.pending = {rig.rows[0].id}
    await rig.handed(*rig.rows)
    assert rig.sends.tried == [rig.rows[0].id]
    assert rig.store.freed == ids(rig.rows[1:])


async def test_at_the_end_everything_is_handed_back() -> None:
    rig = Rig()
    rig.sends.gate.clear()
    await rig.hand(*rig.rows)
    await asyncio.sleep(0)
    await rig.deliverer.hand_back()
    assert rig.store.freed == ids(rig.rows)
    rig.sends.gate.set()
    await rig.done()


async def test_what_was_held_too_long_is_not_overtaken_by_what_comes_next() -> None:
    """The store holds it a moment longer than this process thinks, and so does not say that something is before."""
    rig = Rig()
    since = rig.clock.monotonic()
    rig.clock.advance(HOLD)
    await rig.deliverer.hand(Committed(conversation=rig.head), rig.rows[:1], since)
    await rig.done()
    await rig.handed(rig.rows[1])
    assert rig.sends.tried == []
    await rig.finds(rig.rows[:1])
    assert rig.sends.tried == ids(rig.rows[:1])


async def test_a_row_that_failed_while_the_store_was_asked_is_not_overtaken() -> None:
    rig = Rig()
    rig.sends.pending = {rig.rows[0].id}
    for gate in (rig.sends.gate, rig.store.gate):
        gate.clear()
    await rig.hand(rig.rows[0])
    rig.store.rows = rig.rows[:1]
    looking = asyncio.create_task(rig.deliverer.look())
    await asyncio.sleep(0)
    rig.clock.advance(1)
    rig.sends.gate.set()
    await rig.done()
    assert len(rig.store.settled) == 1
    rig.store.gate.set()
    await looking
    await rig.handed(rig.rows[1])
    assert rig.sends.tried == ids(rig.rows[:1])


async def test_what_the_store_is_about_to_tell_of_is_not_overtaken() -> None:
    """It is held for this process since a moment, which does not know it yet."""
    rig = Rig()
    rig.store.gate.clear()
    rig.store.rows = rig.rows[:1]
    rig.store.left = ids(rig.rows)
    looking = asyncio.create_task(rig.deliverer.look())
    await asyncio.sleep(0)
    await rig.handed(*rig.rows[1:])
    assert rig.sends.tried == []
    rig.store.gate.set()
    await looking
    await rig.done()
    assert rig.sends.tried == ids(rig.rows)


async def test_what_is_handed_over_while_the_store_is_asked_is_sent_once() -> None:
    rig = Rig()
    rig.store.gate.clear()
    rig.store.rows = rig.rows[:1]
    looking = asyncio.create_task(rig.deliverer.look())
    await asyncio.sleep(0)
    await rig.hand(rig.rows[0])
    rig.store.gate.set()
    await looking
    await rig.done()
    assert rig.sends.tried == ids(rig.rows[:1])


async def test_a_commit_nobody_knows_the_outcome_of_is_not_overtaken() -> None:
    rig = Rig()
    rig.deliverer.unsure(rig.head.id)
    assert rig.deliverer.kicked.is_set()
    await rig.handed(rig.rows[1])
    assert rig.sends.tried == []
    await rig.finds(rig.rows[:1])
    assert rig.sends.tried == ids(rig.rows[:1])


async def test_what_the_store_may_have_held_for_us_without_saying_so_is_not_overtaken() -> None:
    rig = Rig()
    rig.store.gone = True
    with pytest.raises(Unavailable):
        await rig.deliverer.look()
    await rig.handed(rig.rows[1])
    assert rig.sends.tried == []
    rig.store.gone = False
    await rig.finds(rig.rows[:1])
    await rig.handed(rig.rows[2])
    assert rig.sends.tried == [rig.rows[0].id, rig.rows[2].id]


async def test_what_could_not_be_let_go_is_not_overtaken() -> None:
    rig = Rig()
    rig.sends.gate.clear()
    await rig.hand(*rig.rows[:2])
    await asyncio.sleep(0)
    rig.store.left = ["theirs", rig.rows[1].id]
    rig.store.gone = True
    rig.sends.gate.set()
    await rig.done()
    rig.deliverer.parked.clear()
    await rig.handed(rig.rows[2])
    assert rig.sends.tried == ids(rig.rows[:1])


async def test_what_a_dead_process_was_sending_when_a_person_took_over_is_told_and_not_sent() -> None:
    rig = Rig()
    lost, notice, _ = rig.rows
    rig.store.rows = [replace(lost, state="unknown", reason="unknown"), notice]
    rig.store.left = [notice.id]
    told: list[str] = []

    class Tells:
        async def undelivered(self, row: Outgoing) -> None:
            told.append(row.id)

    rig.deliverer.herald = Tells()  # type: ignore[assignment]
    await rig.deliverer.look()
    await rig.done()
    assert (told, rig.sends.tried) == ([lost.id], [notice.id])
