"""What the customer sees of a conversation. Pure: nouns in, frames out."""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import lru_cache
from sys import intern
from typing import Any, TypeVar, cast

from connectors.webchat.wire import AgentShown, MarksShown, Shown, Standing, State
from orchestrator.types import Aggregates, Conversation, Marks, Message, QueueView

NO_SUMS = Aggregates()
NOTHING: Mapping[str, Any] = {}
F = TypeVar("F", bound=Hashable)


def visible(message: Message) -> bool:
    return message.visibility == "public" and not message.withdrawn and message.role != "observer"


def shown(message: Message, conversation: Conversation, agents: Mapping[str, str]) -> Shown:
    """A visible message: the customer's own as typed, everybody else's in the customer's language.

    `agents` are display names by agent id; bots stay nameless, the channel's title is their name.
    """
    own = message.role == "customer"
    language = conversation.language.code
    translated = None if own else message.translations.get(language)
    return Shown(
        seq=message.seq,
        id=message.id,
        role=message.role,
        author=agents.get(message.author, "") if message.role == "agent" else "",
        at=message.at,
        parts=message.parts if translated is None else translated,
        language=(language if translated is not None else message.language) or "",
        client_id=client_id(message, conversation.address) if own else "",
    )


def external_id(address: str, given: str) -> str:
    """A client id is unique for its visitor only; the store's is for the channel."""
    return f"{address}:{given}"


def client_id(message: Message, address: str) -> str:
    return message.external_id.removeprefix(f"{address}:")


def state(conversation: Conversation, agent: str, queue: QueueView | None, *, busy: bool = False) -> State:
    """`agent` is the display name of the agent in control; `busy` that a message of the customer's waits for a turn."""
    by_bot = conversation.controller.kind == "bot"
    with_agent = not by_bot and bool(conversation.controller.name)
    waiting = conversation.handoff is not None and conversation.handoff.state == "offered"
    return State(
        status=conversation.status,
        controller="agent" if with_agent else "queue" if waiting else "bot",
        agent=AgentShown(id=conversation.controller.name, name=agent) if with_agent else None,
        queue=standing(queue) if waiting and queue else None,
        language=conversation.language.code if conversation.last_seq else "",
        busy=busy and by_bot,
    )


def standing(queue: QueueView) -> Standing:
    return Standing(position=queue.position, waiting=queue.waiting, open=queue.open, agents=queue.agents)


def marks(conversation: Conversation) -> MarksShown:
    """A bot has read what it has processed; at the desk a message is delivered, and read when an agent has seen it."""
    processed, desk = conversation.processed_seq, conversation.marks.desk_read
    return MarksShown(
        delivered=max(processed, desk),
        read=max(processed, desk) if conversation.controller.kind == "bot" else desk,
        seen=conversation.marks.customer_read,
    )


def lean(conversation: Conversation) -> Conversation:
    """Without what no customer sees: a connection keeps the head for as long as the page is open."""
    return replace(
        conversation,
        app_id=intern(conversation.app_id),
        channel_id=intern(conversation.channel_id),
        controller=shared(conversation.controller),
        language=shared(conversation.language),
        marks=shared(conversation.marks),
        slots=NOTHING,
        context=NOTHING,
        aggregates=NO_SUMS,
        choices=(),
        returned=None,
    )


def shared(frozen: F) -> F:
    """The same for all who see the same: most open pages are in one of a few states, and each state is half a KB."""
    return cast(F, one_of(frozen))


@lru_cache(512)
def one_of(equal: Hashable) -> Hashable:
    return equal


def merged(ours: Marks, news: Marks) -> Marks:
    return Marks(
        customer_delivered=max(ours.customer_delivered, news.customer_delivered),
        customer_read=max(ours.customer_read, news.customer_read),
        desk_read=max(ours.desk_read, news.desk_read),
    )
