"""What is to be written, encoded before it is queued: what can't be encoded fails its caller and nobody else."""

from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticSerializationError

from orchestrator import codec
from orchestrator.adapters.sql.amend import extra
from orchestrator.adapters.sql.profile import Facts
from orchestrator.adapters.sql.rows import maybe_micros, micros
from orchestrator.adapters.sql.unfit import unfit
from orchestrator.types import Commit, Conversation, Debt, Handoff, Message, Outgoing, Received, Started, Trace

Params = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event for `accept`. `row` lacks only its last column, `seq`; None when nothing was said."""

    fresh: Conversation
    event: Received | Started
    message_id: str
    now: int
    row: Params | None
    context: str | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class Draft:
    """A Commit in SQL parameters. Rows of messages and outbox lack only their last column, `seq`."""

    commit: Commit
    head: str
    columns: Params
    messages: list[Params]
    understood: list[Params]
    outbox: list[Params]
    handoff: Params | None
    trace: Params | None
    owed: list[Params]

    @property
    def weight(self) -> int:
        """Characters of the log this adds or rewrites."""
        texts = [text for row in self.messages for text in row[13:]] + [
            text for row in self.understood for text in row[1:3]
        ]
        return sum(len(text) for text in texts if text)


def arrival(fresh: Conversation, event: Received | Started, message_id: str, now: int) -> Arrival:
    """Raises Malformed."""
    try:
        row = None
        if isinstance(event, Received):
            row = arriving(fresh, event, message_id)
        context = None if event.context is None else codec.anything.dump(event.context).decode()
        facts = facts_of(event)
        codec.anything.dump(facts)
    except PydanticSerializationError as error:
        raise unfit(error) from None
    return Arrival(fresh, event, message_id, now, row, context, facts)


def facts_of(event: Received | Started) -> Facts:
    """What the platform says of the person; what it does not know is left out."""
    known = {key: value for key, value in event.profile.items() if value is not None}
    return {"language": event.language, **known} if event.language else known


def arriving(fresh: Conversation, event: Received, message_id: str) -> Params:
    """The row of what `heard` makes."""
    place = (message_id, fresh.app_id, fresh.id, fresh.channel_id)
    said = ("customer", event.address, micros(event.at), None, "public", 0, "", event.external_id, False)
    return (*place, *said, codec.parts.dump(event.parts).decode(), None, None, None)


def heard(conversation: Conversation, event: Received, message_id: str, seq: int) -> Message:
    return Message(
        id=message_id,
        app_id=conversation.app_id,
        conversation_id=conversation.id,
        role="customer",
        parts=event.parts,
        at=event.at,
        seq=seq,
        author=event.address,
        external_id=event.external_id,
    )


def draft(commit: Commit) -> Draft:
    """Raises Malformed."""
    head = commit.conversation
    try:
        codec.anything.dump(commit.profile)
        return Draft(
            commit=commit,
            head=codec.conversation.dump(head).decode(),
            columns=columns(head),
            messages=[message(said, head.channel_id) for said in commit.messages],
            understood=[understood(said, head.id) for said in commit.understood],
            outbox=[outgoing(row) for row in commit.outbox],
            handoff=handoff(commit.handoff) if commit.handoff else None,
            trace=trace(commit.trace) if commit.trace else None,
            owed=[debt(one) for one in commit.owed],
        )
    except PydanticSerializationError as error:
        raise unfit(error) from None


def columns(head: Conversation) -> Params:
    """What lists and sweeps look for: controller kind and name, team, wake_at."""
    team = head.handoff.team if head.handoff else ""
    return (head.controller.kind, head.controller.name, team, maybe_micros(head.wake_at))


def message(message: Message, channel_id: str) -> Params:
    return (
        message.id,
        message.app_id,
        message.conversation_id,
        channel_id,
        message.role,
        message.author,
        micros(message.at),
        message.language,
        message.visibility,
        message.epoch,
        message.turn_id,
        message.external_id,
        message.withdrawn,
        codec.parts.dump(message.parts).decode(),
        *meanings(message),
        extra(message),
    )


def meanings(message: Message) -> tuple[str | None, str | None]:
    """Translations and understanding."""
    return (
        codec.translations.dump(message.translations).decode() if message.translations else None,
        codec.understanding.dump(message.understanding).decode() if message.understanding else None,
    )


def understood(message: Message, conversation_id: str) -> Params:
    return (message.language, *meanings(message), message.id, conversation_id)


def outgoing(row: Outgoing) -> Params:
    return (
        row.id,
        row.app_id,
        row.conversation_id,
        row.channel_id,
        row.address,
        row.message_id,
        row.epoch,
        micros(row.due_at),
        row.attempts,
        codec.dump_renderings(row.renderings).decode(),
        row.done,
        row.state,
        row.external_id,
        row.error,
        row.reason,
    )


def handoff(handoff: Handoff) -> Params:
    return (
        handoff.id,
        handoff.app_id,
        handoff.conversation_id,
        handoff.state,
        handoff.team,
        handoff.priority,
        handoff.reason,
        handoff.language,
        handoff.agent_id,
        handoff.note,
        micros(handoff.offered_at),
        maybe_micros(handoff.accepted_at),
        maybe_micros(handoff.ended_at),
        maybe_micros(handoff.expires_at),
        codec.packet.dump(handoff.packet).decode(),
    )


def trace(trace: Trace) -> Params:
    body = codec.trace.dump(trace).decode()
    return (trace.id, trace.app_id, trace.conversation_id, trace.turn_id, micros(trace.at), body)


def debt(debt: Debt) -> Params:
    return (debt.message_id, debt.target, debt.source, debt.app_id, debt.conversation_id, micros(debt.at))
