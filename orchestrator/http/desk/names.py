"""Customers' names for the rows of lists."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.errors import NotFound
from orchestrator.http.desk.rows import customer_brief
from orchestrator.ports import Records
from orchestrator.types import Conversation


class Names:
    """Reads each customer once per state of the conversation, however many desks hear of it."""

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
            return customer_brief(await self.records.customer(app_id, customer_id))
        except NotFound:
            return {"id": customer_id}
