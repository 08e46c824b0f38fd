"""Removing what is old, however the database goes about it."""

from pathlib import Path

import pytest

from orchestrator.types import Kind, Say
from tests.support.builders import commit, later, message, outgoing, session, texts
from tests.support.clock import ManualClock
from tests.support.postgres import asked, opened, url_for
from tests.support.stores import Database, hear


async def fill(store: Database, numbers: range) -> None:
    """As many of everything that can go."""
    for number in numbers:
        head = (await hear(store, address=f"visitor {number}", external_id=f"event {number}")).conversation
        said = message(head)
        await store.commit(commit(head, said, outbox=(outgoing(said, head, state="sent"),)))
        await store.answer_late(head.id, "turn", (Say(parts=texts("late")),))
        await store.add_session(session(digest=f"old {number}", expires_at=later(1)))


@pytest.mark.parametrize("kind", ["deliveries", "late answers", "sessions"])
async def test_no_more_go_at_once_than_may(tmp_path: Path, kind: Kind) -> None:
    """The planner believes in a single row: then it may look for what is old once for each row there is."""
    url = await url_for(tmp_path)
    async with opened(url, ManualClock()) as store:
        await fill(store, range(1))
        await asked(url, "VACUUM ANALYZE outbox, late_answers, sessions")
        await fill(store, range(1, 5))
        assert [await store.prune(kind, later(2), 2) for _ in range(4)] == [2, 2, 1, 0]
