"""SQLite's threads and faults: nobody waits for ever, nobody suffers for another, and it recovers by itself."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.adapters.sqlite import SqliteStore
from orchestrator.errors import Conflict, ParleyError, Unavailable
from tests.support.builders import NOON, commit, conversation, received
from tests.support.loop import next_tick
from tests.support.sqlite import CLOCK, editing, leave_room, opened, pragma, size
from tests.support.stores import hear


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "parley.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    async with opened(path) as made:
        yield made


# Threads


async def test_a_burst_is_one_transaction(store: SqliteStore, path: Path) -> None:
    await hear(store)
    pragma(store, "wal_autocheckpoint = 0")
    before = size(path.with_name("parley.db-wal"))
    await asyncio.gather(*(hear(store, address=f"visitor {number}") for number in range(100)))
    pages = (size(path.with_name("parley.db-wal")) - before) / 4120
    assert pages < 200, "a hundred transactions of ten pages or so each would be a thousand"


async def test_queued_work_is_finished_before_closing(path: Path) -> None:
    store = SqliteStore(path, CLOCK)
    await store.open()
    hearing = [asyncio.ensure_future(hear(store, address=f"visitor {number}")) for number in range(500)]
    await asyncio.wait(hearing, return_when=asyncio.FIRST_COMPLETED)
    await store.close()
    assert len(await asyncio.gather(*hearing)) == 500
    async with opened(path) as again:
        assert len(await again.conversations("shop", limit=1000)) == 500


async def test_nothing_is_served_before_opening_or_after_closing(path: Path) -> None:
    store = SqliteStore(path, CLOCK)
    with pytest.raises(Unavailable, match="not open"):
        await hear(store)
    await store.open()
    await store.close()
    await store.close()
    for call in (hear(store), store.load("x", history=0), store.conversation("shop", "x")):
        with pytest.raises(Unavailable, match="closed"):
            await call


async def test_a_caller_that_gives_up_hurts_nobody(store: SqliteStore) -> None:
    impatient = asyncio.ensure_future(hear(store, external_id="event"))
    patient = asyncio.ensure_future(hear(store, address="other"))
    asyncio.get_running_loop().call_soon(impatient.cancel)
    await asyncio.wait([impatient, patient])
    assert impatient.cancelled()
    assert patient.result().message
    assert (await hear(store, external_id="event")).conversation.last_seq == 1


async def test_a_bug_in_one_operation_is_its_callers_alone(store: SqliteStore) -> None:
    def buggy(db: sqlite3.Cursor) -> None:
        db.execute(
            "INSERT INTO sessions (digest, app_id, agent_id, csrf, expires_at) VALUES ('a', '', '', '', 1 << 60)"
        )
        raise ZeroDivisionError

    results = await asyncio.gather(hear(store), store.write(buggy), hear(store), return_exceptions=True)
    assert [type(one).__name__ for one in results] == ["Accepted", "ZeroDivisionError", "Accepted"]
    assert await store.session("a", NOON) is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_the_death_of_the_writer_leaves_nobody_waiting(store: SqliteStore) -> None:
    head = (await hear(store)).conversation

    class Death(BaseException):
        pass

    busy, go = threading.Event(), threading.Event()

    def die(db: sqlite3.Cursor) -> None:
        busy.set()
        go.wait()
        raise Death

    doomed = store.write(die)
    await asyncio.to_thread(busy.wait)
    behind = [asyncio.ensure_future(hear(store, address=str(number))) for number in range(5)]
    await next_tick()
    go.set()
    for one in await asyncio.gather(doomed, *behind, return_exceptions=True):
        assert isinstance(one, Unavailable)
    with pytest.raises(Unavailable):
        await hear(store)
    assert (await store.load(head.id, history=0)).conversation.id == head.id


async def test_reads_and_writes_never_run_on_the_event_loop(store: SqliteStore) -> None:
    def where(db: sqlite3.Cursor) -> str:
        return threading.current_thread().name

    names = [await store.write(where), await store.turn(where), await store.read(where)]
    assert names == ["parley-writer", "parley-turns", "parley-records"]


async def test_readers_cannot_write(store: SqliteStore) -> None:
    def delete(db: sqlite3.Cursor) -> None:
        db.execute("DELETE FROM messages")

    for read in (store.turn, store.read):
        with pytest.raises(Unavailable, match="read-only"):
            await read(delete)


# Faults


async def test_a_database_that_turns_read_only_refuses_writes_serves_reads_and_recovers(store: SqliteStore) -> None:
    head = (await hear(store)).conversation
    pragma(store, "query_only = 1")
    marked = store.mark(head.id, replace(head.marks, desk_read=1))
    writes = asyncio.gather(hear(store, "lost?"), store.commit(commit(head)), marked, return_exceptions=True)
    for refused in await writes:
        assert isinstance(refused, Unavailable)
        assert refused.retryable
        assert "read-only" in str(refused)
    assert len(await store.messages(head.id)) == 1
    with pytest.raises(Unavailable):
        await store.probe()
    pragma(store, "query_only = 0")
    await store.probe()
    assert (await hear(store, "not lost")).message
    assert (await store.load(head.id, history=0)).conversation.last_seq == 2


async def test_a_full_disk_refuses_what_does_not_fit_and_recovers(store: SqliteStore) -> None:
    head = (await hear(store)).conversation
    leave_room(store, 20)
    results = await asyncio.gather(
        hear(store, "fits", address="a"),
        hear(store, "x" * 1_000_000, address="b"),
        hear(store, "fits too", address="c"),
        return_exceptions=True,
    )
    assert [isinstance(one, Unavailable) for one in results] == [False, True, False]
    assert "disk is full" in str(results[1])
    assert await store.find_conversation("web", "b") is None
    pragma(store, "max_page_count = 1000000")
    assert (await hear(store, "x" * 1_000_000, address="b")).message
    assert (await store.load(head.id, history=0)).conversation == head


async def test_a_database_somebody_holds_locked_is_unavailable_until_they_let_go(
    store: SqliteStore, path: Path
) -> None:
    pragma(store, "busy_timeout = 1")
    with editing(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="another process"):
            await hear(store)
        assert await store.conversations("shop") == []
        other.execute("ROLLBACK")
    assert (await hear(store)).message


async def test_errors_are_told_in_plain_words_without_values(store: SqliteStore) -> None:
    accepted = await hear(store, "secret words")
    assert accepted.message
    with pytest.raises(Conflict) as caught:
        await store.accept(conversation(address="ben"), received("secret words", address="ben"), accepted.message.id)
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value, ParleyError)


async def test_every_commit_waits_for_the_disk(store: SqliteStore) -> None:
    """WAL with synchronous=FULL (2): a commit survives power loss (sqlite.org/pragma.html#pragma_synchronous)."""
    writer = store.connections[0]
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
