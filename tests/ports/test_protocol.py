"""The lease, the fence and the outbox against a model: two processes take any steps in any order, and die in between.

Over PostgreSQL the two share a database; SQLite has one process, which dies and begins anew. What must hold, whatever
the order: every message is numbered once and answered once, in order; a step computed from an old version commits
nothing; a row is one process's alone while it is held; what is delivered is what the log says, in its order.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from orchestrator.adapters.postgres.store import PostgresStore
from orchestrator.errors import Fenced
from orchestrator.types import Commit, Loaded, Outgoing
from tests.support.builders import conversation, message, outgoing, received, unique
from tests.support.stores import Database
from tests.support.worlds import HOLD, World, one_process, two_processes

TALKS = st.sampled_from([0, 0, 0, 1])
LINES = st.integers(0, 7)
ANY = st.integers(0, 11)
"""Which of those that can take the step: modulo how many there are."""
examples = itertools.count()


@dataclass
class Process:
    """What one knows, until it dies: turns it computes, and rows it may send, each until a moment."""

    store: Database
    loaded: dict[int, Loaded] = field(default_factory=dict)
    hand: dict[int, list[tuple[Outgoing, float]]] = field(default_factory=dict)
    tried: dict[int, Outgoing] = field(default_factory=dict)
    """By conversation, a row that went out and is not settled yet."""


class Protocol(RuleBasedStateMachine):
    world: World
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.name = f"example {next(examples)}"
        self.processes = [Process(store) for store in self.world.stores]
        self.now = 0.0
        self.ids: dict[int, str] = {}
        self.said: dict[int, list[str]] = {}
        self.versions: dict[int, int] = {}
        self.got: dict[int, list[Outgoing]] = {}
        self.late: set[str] = set()
        """Rows that went out although they had been withdrawn: their process could not know."""
        self.gone: set[str] = set()
        self.undone: set[str] = set()
        self.overtaken: set[str] = set()
        """Rows that were held when a person took over, until it is known what came of them."""
        self.unsure: set[str] = set()
        """Of these, those nobody ever settled."""

    def do(self, work: Any) -> Any:
        return self.runner.run(work)

    def process(self, number: int) -> Process:
        return self.processes[number % len(self.processes)]

    def able(self, can: Callable[[Process, int], object]) -> list[tuple[Process, int]]:
        return [(process, talk) for process in self.processes for talk in self.ids if can(process, talk)]

    def one(self, number: int, can: Callable[[Process, int], object]) -> tuple[Process, int]:
        able = self.able(can)
        return able[number % len(able)]

    # Rules

    @rule(talk=TALKS, line=LINES)
    def accept(self, talk: int, line: int) -> None:
        """A platform delivers what it likes, as often as it likes."""
        token, address = f"{talk}.{line}", f"{self.name}: {talk}"
        event = received(token, address=address, external_id=f"{self.name}: {token}")
        accepted = self.do(self.processes[0].store.accept(conversation(address=address), event, unique("message")))
        said = self.said.setdefault(talk, [])
        assert accepted.duplicate == (token in said)
        self.ids[talk] = accepted.conversation.id
        self.versions.setdefault(talk, 0)
        if token not in said:
            said.append(token)

    @precondition(lambda self: self.ids)
    @rule(number=ANY, all_at_once=st.booleans())
    def load(self, number: int, all_at_once: bool) -> None:
        process, talk = self.one(number, any_talk)
        for each in self.processes if all_at_once else [process]:
            self.loads(each, talk)

    def loads(self, process: Process, talk: int) -> None:
        process.loaded[talk] = self.do(process.store.load(self.ids[talk], history=0))

    @precondition(lambda self: self.able(computed))
    @rule(number=ANY)
    def commit(self, number: int) -> None:
        self.commits(*self.one(number, computed))

    @precondition(lambda self: self.ids)
    @rule(number=ANY)
    def turn(self, number: int) -> None:
        """Without anybody in between."""
        process, talk = self.one(number, any_talk)
        self.loads(process, talk)
        self.commits(process, talk)

    def commits(self, process: Process, talk: int) -> None:
        """Answers each message that waited when the turn was loaded, by a message of its own."""
        loaded = process.loaded.pop(talk)
        if not loaded.pending:
            return
        head = replace(loaded.conversation, processed_seq=loaded.pending[-1].seq)
        said = tuple(message(head, f"re: {words(one)}") for one in loaded.pending)
        rows = tuple(outgoing(one, head, due_at=self.world.clock.now()) for one in said)
        wanted = Commit(conversation=head, messages=said, outbox=rows, hold=self.world.hold, at=self.world.clock.now())
        committed = self.fenced(process, talk, wanted)
        if committed is not None and committed.held and talk not in process.tried:
            seqs = [one.seq for one in committed.messages]
            placed = [replace(row, seq=seq) for row, seq in zip(rows, seqs, strict=True)]
            process.hand.setdefault(talk, []).extend((row, self.now + HOLD) for row in placed)

    def fenced(self, process: Process, talk: int, wanted: Commit) -> Any:
        """The commit passes if, and only if, nothing else was committed since it was computed."""
        stands = self.versions[talk] == wanted.conversation.version
        try:
            committed = self.do(process.store.commit(wanted))
        except Fenced:
            assert not stands
            return None
        assert stands
        self.versions[talk] += 1
        return committed

    @precondition(lambda self: self.ids)
    @rule(number=ANY)
    def take_over(self, number: int) -> None:
        """A person does: what no platform has been offered yet is withdrawn."""
        process, talk = self.one(number, any_talk)
        loaded = self.do(process.store.load(self.ids[talk], history=0))
        waits = [row.id for row in self.do(process.store.deliveries(self.ids[talk])) if row.state == "pending"]
        head = replace(loaded.conversation, epoch=loaded.conversation.epoch + 1)
        self.fenced(process, talk, Commit(conversation=head, withdraw_pending=True, at=self.world.clock.now()))
        left = [row.id for row in self.pending(self.ids[talk])]
        assert left in ([], waits[:1]), "more than what may be on its way"
        for each in self.processes:
            held = [row.id for row in self.holding(each, talk)][:1] if self.world.hold else []
            assert not set(held) & set(waits[:1]) or left, "what may be on its way was taken out of the line"
        self.overtaken.update(left)
        self.gone.update(set(waits) - set(left))
        if not self.world.hold:
            process.hand.pop(talk, None)  # the one process withdrew it itself

    @rule(number=ANY)
    def look(self, number: int) -> None:
        process = self.process(number)
        rows = self.do(process.store.due(self.world.clock.now(), 10_000, hold=self.world.hold))
        talks = {id: talk for talk, id in self.ids.items()}
        for row in rows:
            talk = talks.get(row.conversation_id)
            if talk is None:
                continue  # of an example that failed
            if row.state != "pending":
                assert row.id in self.overtaken
                self.unsure.add(row.id)
                continue
            assert row.id not in self.overtaken, "handed on although a person took over"
            assert row.id == self.pending(row.conversation_id)[0].id, "something waits before it"
            for other in self.processes:
                taken = [held for held, until in other.hand.get(talk, []) if until > self.now]
                assert other is process or row.id not in {held.id for held in taken}, "two hold the same row"
            if talk not in process.tried and not self.holding(process, talk):
                process.hand[talk] = [(row, self.now + HOLD)]

    def holding(self, process: Process, talk: int) -> list[Outgoing]:
        """Those it may still send, in order; the first that it may not ends them."""
        kept = itertools.takewhile(lambda one: not self.world.hold or one[1] > self.now, process.hand.get(talk, []))
        return [row for row, _ in kept]

    def ready(self, process: Process, talk: int) -> bool:
        return talk not in process.tried and bool(self.holding(process, talk))

    @precondition(lambda self: self.able(self.ready))
    @rule(number=ANY)
    def send(self, number: int) -> None:
        self.sends(*self.one(number, self.ready))

    def sends(self, process: Process, talk: int) -> None:
        process.tried[talk] = row = self.holding(process, talk)[0]
        if row.id in self.gone:
            self.late.add(row.id)
        got = self.got.setdefault(talk, [])
        if row.id in self.late or row.id in {one.id for one in got}:
            return
        assert all(one.seq < row.seq for one in got), "overtaken"
        got.append(row)

    @precondition(lambda self: self.able(sent))
    @rule(number=ANY, again=st.booleans())
    def settle(self, number: int, again: bool) -> None:
        self.settles(*self.one(number, sent), again)

    def settles(self, process: Process, talk: int, again: bool) -> None:
        """The platform took it, or it is to be tried again after a while."""
        row = process.tried.pop(talk)
        later = replace(row, attempts=row.attempts + 1, due_at=self.world.clock.now() + timedelta(seconds=HOLD))
        left = self.do(process.store.settle(later if again else replace(row, state="sent")))
        if row.id in self.gone and not again and row.id not in self.undone:
            self.undone.add(row.id)
            self.versions[talk] += 1  # the log has it after all, and whoever has read the log must read it again
        if row.id in self.overtaken - self.unsure - self.gone and again:
            self.gone.add(row.id)
            self.versions[talk] += 1  # and here it has not
        rows = [one for one in process.hand.pop(talk, []) if one[0].id != row.id]
        if again or (left and (not rows or rows[0][0].id != left[0])):
            self.do(process.store.let_go([one.id for one, _ in rows]))
        else:
            process.hand[talk] = [one for one in rows if one[0].id in left]

    @rule(number=ANY)
    def die(self, number: int) -> None:
        """Another one takes its place: what the dead one held it does not."""
        store = self.process(number).store
        if isinstance(store, PostgresStore):
            store.holder = unique("holder")
        self.processes[number % len(self.processes)] = Process(store)

    @rule(seconds=st.sampled_from([1.5, 300.5, 1100.5]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.world.clock.advance(seconds)
        self.do(self.world.age(seconds))

    # What must hold at the end

    def check(self) -> None:
        for talk, id in self.ids.items():
            log = self.do(self.processes[0].store.messages(id, limit=1000))
            assert [one.seq for one in log] == list(range(1, len(log) + 1))
            heard = [words(one) for one in log if one.role == "customer"]
            assert heard == self.said[talk]
            answered = [words(one).removeprefix("re: ") for one in log if one.role == "bot"]
            assert answered == heard[: len(answered)]

    def teardown(self) -> None:
        """Both die; whoever comes next finishes everything."""
        self.check()
        for number in range(len(self.processes)):
            self.die(number)
        self.wait(2 * HOLD + 0.5)
        for talk in self.ids:
            self.loads(self.processes[0], talk)
            self.commits(self.processes[0], talk)
        self.die(0)
        self.wait(2 * HOLD + 0.5)
        while self.rest():
            self.look(0)
            for process, talk in self.able(self.ready):
                self.sends(process, talk)
                self.settles(process, talk, again=False)
        self.finished()

    def rest(self) -> int:
        return sum(len(self.pending(id)) for id in self.ids.values())

    def pending(self, id: str) -> list[Outgoing]:
        return [row for row in self.do(self.processes[0].store.deliveries(id)) if row.state == "pending"]

    def finished(self) -> None:
        """Every message is answered once; the platform has what the log says it has."""
        for talk, id in self.ids.items():
            log = self.do(self.processes[0].store.messages(id, limit=1000))
            bots = [one for one in log if one.role == "bot"]
            assert [words(one).removeprefix("re: ") for one in bots] == self.said[talk]
            assert all(not one.withdrawn or one.id not in {row.message_id for row in self.settled(id)} for one in bots)
            shown = [one.id for one in bots if not one.withdrawn]
            gone, unsure = self.of(id, self.gone), self.of(id, self.unsure)
            late = {row.message_id for row in self.got.get(talk, []) if row.id in self.late}
            went = {row.message_id for row in self.settled(id)} - late - unsure
            got = [row.message_id for row in self.got.get(talk, [])]
            assert [one for one in got if one not in gone | unsure] == [one for one in shown if one in went]

    def of(self, id: str, rows: set[str]) -> set[str]:
        """The ids of their messages."""
        known = [*self.do(self.processes[0].store.deliveries(id)), *itertools.chain(*self.got.values())]
        return {row.message_id for row in known if row.id in rows}

    def settled(self, id: str) -> list[Outgoing]:
        return [row for row in self.do(self.processes[0].store.deliveries(id)) if row.state == "sent"]


def words(said: Any) -> str:
    return str(said.parts[0].text)


def any_talk(process: Process, talk: int) -> bool:
    return True


def computed(process: Process, talk: int) -> bool:
    return talk in process.loaded


def sent(process: Process, talk: int) -> bool:
    return talk in process.tried


@contextmanager
def machine(folder: Path, world: Callable[[Path], Any]) -> Iterator[type[Protocol]]:
    with asyncio.Runner() as runner:
        opening = world(folder)
        here = runner.run(opening.__aenter__())
        try:
            yield type("Machine", (Protocol,), {"world": here, "runner": runner})
        finally:
            runner.run(opening.__aexit__(None, None, None))


@pytest.mark.parametrize(("world", "count"), [(one_process, 60), (two_processes, 50)])
def test_no_order_of_steps_loses_doubles_or_reorders_anything(
    tmp_path: Path, world: Callable[[Path], Any], count: int
) -> None:
    with machine(tmp_path, world) as made:
        run_state_machine_as_test(
            made,
            settings=settings(
                max_examples=count,
                stateful_step_count=40,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_what_another_process_holds_is_not_overtaken(tmp_path: Path) -> None:
    """The steps that chance seldom takes in this order."""
    with machine(tmp_path, two_processes) as made:
        steps = made()
        one, other = steps.processes
        steps.accept(0, 0)
        steps.loads(one, 0)
        steps.commits(one, 0)
        steps.accept(0, 1)
        steps.loads(other, 0)
        steps.commits(other, 0)
        assert steps.ready(one, 0)
        assert not steps.ready(other, 0)
        steps.teardown()
