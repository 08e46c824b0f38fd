"""Reading what was said, and what was decided then."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from orchestrator.errors import NotFound
from orchestrator.ports import Records
from orchestrator.types import Conversation, Message, Profile, Trace

PAGE = 200
MOST_MESSAGES = 5000
"""Of one conversation; a longer one is replayed as far as its latest."""
MOST_TRACES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One conversation with its log and the records of its turns, oldest first. `profile` is today's."""

    conversation: Conversation
    messages: Sequence[Message]
    traces: Sequence[Trace]
    profile: Profile


async def heads(records: Records, app_id: str, since: datetime) -> list[Conversation]:
    """Conversations in which something happened since then, the latest first."""
    found: dict[str, Conversation] = {}
    before: datetime | None = None
    while True:
        page = await records.conversations(app_id, before=before, limit=PAGE)
        fresh = [one for one in page if one.id not in found]
        found |= {one.id: one for one in fresh if one.updated_at >= since}
        if len(page) < PAGE or not fresh or page[-1].updated_at < since:
            return list(found.values())
        before = page[-1].updated_at


async def stored(records: Records, head: Conversation) -> Stored:
    messages = [message async for message in log(records, head.id)]
    traces = await records.traces(head.id, limit=MOST_TRACES)
    profile: Profile = {}
    with suppress(NotFound):
        profile = (await records.customer(head.app_id, head.customer_id)).profile
    return Stored(conversation=head, messages=messages, traces=list(reversed(traces)), profile=profile)


async def log(records: Records, conversation_id: str) -> AsyncIterator[Message]:
    after, count = 0, 0
    while count < MOST_MESSAGES:
        page = await records.messages(conversation_id, after=after, limit=PAGE)
        page = [message for message in page if message.seq > after]
        for message in page:
            yield message
        if not page:
            return
        after, count = page[-1].seq, count + len(page)
