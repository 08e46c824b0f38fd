"""Answering a platform's request with what the bot says to it: for channels without a way back of their own."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from orchestrator import fit
from orchestrator.ports import Answering, Bus, Connector, Records
from orchestrator.types import Accepted, Conversation, Marks, Message, RawRequest, RawResponse, Rendering

PAGE = 200


class Reader(Protocol):
    """What the engine is to these: told how far the customer has come."""

    async def read_by_customer(
        self, app_id: str, conversation_id: str, *, delivered: int = 0, read: int = 0
    ) -> Marks: ...


class AnsweringConnector(Connector, Answering, Protocol): ...


class Replies:
    def __init__(self, engine: Reader, records: Records, bus: Bus, *, public_url: str) -> None:
        self.engine = engine
        self.records = records
        self.bus = bus
        self.public_url = public_url

    async def answer(
        self, app_id: str, connector: AnsweringConnector, request: RawRequest, accepted: Accepted
    ) -> RawResponse:
        """With everything the customer has not been told yet, once the turn is over or patience is."""
        conversation = await self.settled(app_id, accepted.conversation, connector.patience)
        told = conversation.marks.customer_delivered
        messages = await self.records.messages(conversation.id, after=told, limit=PAGE)
        renderings = [one for message in messages for one in self.shaped(connector, conversation, message)]
        if messages:
            await self.engine.read_by_customer(app_id, conversation.id, delivered=messages[-1].seq)
        return connector.told(request, conversation.address, renderings)

    async def settled(self, app_id: str, heard: Conversation, patience: float) -> Conversation:
        """The conversation once nothing of it waits for a turn or a late bot."""
        async with self.bus.subscribe(app_id, heard.id) as news:
            head = await self.records.conversation(app_id, heard.id)
            try:
                async with asyncio.timeout(patience):
                    while not over(head, heard.last_seq):
                        async for _ in news:
                            break
                        head = await self.records.conversation(app_id, heard.id)
            except TimeoutError:
                pass
        return head

    def shaped(self, connector: Connector, conversation: Conversation, message: Message) -> Sequence[Rendering]:
        if message.role in ("customer", "observer") or message.visibility != "public" or message.withdrawn:
            return ()
        parts = message.translations.get(conversation.language.code, message.parts)
        asked = fit.to_ask(parts, connector.limits) if message.role == "bot" else None
        if asked is not None:  # its questions are messages of their own
            parts = (*parts[:asked], *parts[asked + 1 :])
        return fit.shape(parts, connector.limits, message_id=message.id, base_url=self.public_url).renderings


def over(head: Conversation, seq: int) -> bool:
    return head.processed_seq >= seq and head.awaiting is None
