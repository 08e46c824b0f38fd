"""Live updates as one agent may see them. Holds what the tab watches; sends nothing itself."""

from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any

import orjson

from orchestrator import codec
from orchestrator.http.desk import rows
from orchestrator.http.desk.names import LiveRows
from orchestrator.http.desk.sight import sees
from orchestrator.types import Agent, ConversationChanged, DeliveryChanged, Live, Marked, MessageAdded, TypingChanged

MOST_KNOWN = 1000
"""Conversations a tab remembers to have shown."""


class Frames:
    """`watched` conversations come in full, others as rows of the lists.

    A row is sent when it changed: where its case stands in the queue is told by the counters. A conversation the agent
    may no longer see (it went to another team) comes once more, as "gone".
    """

    def __init__(self, agent: Agent, live_rows: LiveRows) -> None:
        self.agent = agent
        self.live_rows = live_rows
        self.watched: set[str] = set()
        self.known: OrderedDict[str, bytes] = OrderedDict()

    def know(self, conversation_id: str, row: bytes = b"") -> None:
        """`row` is how it was sent last."""
        self.known[conversation_id] = row or self.known.get(conversation_id, b"")
        self.known.move_to_end(conversation_id)
        if len(self.known) > MOST_KNOWN:
            self.known.popitem(last=False)

    def watch(self, conversation_ids: set[str]) -> None:
        """Only what the agent was found to see may come here."""
        self.watched = conversation_ids
        for conversation_id in conversation_ids:
            self.know(conversation_id)

    def missed(self) -> None:
        """The tab reads everything again: nothing counts as sent."""
        for conversation_id in self.known:
            self.known[conversation_id] = b""

    async def of(self, event: Live) -> AsyncIterator[dict[str, Any]]:
        match event:
            case ConversationChanged():
                async for frame_ in self._conversation(event):
                    yield frame_
            case MessageAdded() if event.conversation_id in self.watched:
                yield frame(event, message=codec.message.plain(event.message))
            case TypingChanged() if event.conversation_id in self.known and event.author != self.agent.id:
                yield frame(event, role=event.role, author=event.author, on=event.on)
            case DeliveryChanged() if event.conversation_id in self.watched:
                yield frame(
                    event, message_id=event.message_id, state=event.state, error=event.error, reason=event.reason
                )
            case Marked() if event.conversation_id in self.known:
                yield frame(event, marks=rows.marks(event.marks))

    async def _conversation(self, event: ConversationChanged) -> AsyncIterator[dict[str, Any]]:
        conversation = event.conversation
        if not sees(self.agent, conversation):
            self.watched.discard(conversation.id)
            self.known.pop(conversation.id, None)
            yield {"type": "gone", "conversation_id": conversation.id}
            return
        row = await self.live_rows.of(event)
        same = self.known.get(conversation.id) == row
        self.know(conversation.id, row)
        if conversation.id in self.watched:
            yield self._full(event, row)
        elif not same:
            yield frame(event, row=orjson.Fragment(row))

    def _full(self, event: ConversationChanged, row: bytes) -> dict[str, Any]:
        conversation = event.conversation
        return frame(
            event,
            row=orjson.Fragment(row),
            conversation=codec.conversation.plain(conversation),
            handoff=rows.case_full(event.handoff),
            queue=rows.queue(event.queue),
        )


def frame(event: Live, **more: Any) -> dict[str, Any]:
    return {"type": event.kind, "conversation_id": event.conversation_id, **more}
