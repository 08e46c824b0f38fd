"""What the rows of lists need beside the conversation, read and made once however many desks look."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from orchestrator.errors import NotFound
from orchestrator.http.desk import rows
from orchestrator.ports import Records
from orchestrator.types import Conversation, ConversationChanged

MOST_EVENTS = 256
"""Updates whose rows are kept until every desk has heard them."""


class Names:
    """Customers, each read once per state of their conversation."""

    def __init__(self, records: Records, *, most: int = 2000) -> None:
        self.records = records
        self.most = most
        self.known: OrderedDict[tuple[str, str, int, int], Mapping[str, Any]] = OrderedDict()

    async def of(self, conversation: Conversation) -> Mapping[str, Any]:
        key = (conversation.app_id, conversation.customer_id, conversation.version, conversation.last_seq)
        if key not in self.known:
            self.known[key] = await self._read(conversation.app_id, conversation.customer_id)
            if len(self.known) > self.most:
                self.known.popitem(last=False)
        return self.known[key]

    async def of_all(self, conversations: Sequence[Conversation]) -> Sequence[Mapping[str, Any]]:
        return await asyncio.gather(*(self.of(conversation) for conversation in conversations))

    async def _read(self, app_id: str, customer_id: str) -> Mapping[str, Any]:
        try:
            return rows.customer_brief(await self.records.customer(app_id, customer_id))
        except NotFound:
            return {"id": customer_id}


class LiveRows:
    """Rows of live updates as JSON. A bus in process hands the same update to every tab: it is written once."""

    def __init__(self, names: Names) -> None:
        self.names = names
        # By identity, with the update itself, so that no other one can come to stand at its address.
        self.made: OrderedDict[int, tuple[ConversationChanged, bytes]] = OrderedDict()

    async def of(self, event: ConversationChanged) -> bytes:
        if id(event) in self.made:
            return self.made[id(event)][1]
        name = await self.names.of(event.conversation)
        row = orjson.dumps(rows.row(event.conversation, name, event.handoff))
        self.made[id(event)] = (event, row)
        if len(self.made) > MOST_EVENTS:
            self.made.popitem(last=False)
        return row
