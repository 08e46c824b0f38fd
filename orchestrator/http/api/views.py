"""What the API shows of each noun. Read from the dataclasses by attribute; no `app_id`, no digests, no internals."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.codec import AnyPart
from orchestrator.types import (
    Aggregates,
    BotCall,
    Controller,
    Decision,
    HandoffRef,
    HandoffState,
    Limits,
    Loss,
    Marks,
    Priority,
    QueueView,
    Role,
    Scope,
    SendReason,
    Spoken,
    StageRun,
    Understanding,
    Visibility,
)

Facts = Mapping[str, str | int | float | bool | None]
AnyJson = Any


class View(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class ProblemField(View):
    field: str
    problem: str


class ProblemDetail(View):
    code: str
    message: str
    fields: list[ProblemField] | None = Field(None, description="What was wrong with the request, place by place.")


class Problem(View):
    """Every error has this form."""

    error: ProblemDetail


class ConversationView(View):
    id: str
    channel_id: str
    address: str = Field(description="Who the customer is on that channel.")
    customer_id: str
    status: Literal["open", "closed"]
    controller: Controller = Field(description="Who may speak to the customer now.")
    bot: str
    language: Spoken
    epoch: int = Field(description="Grows with each change of controller.")
    last_seq: int
    slots: Mapping[str, AnyJson]
    context: Mapping[str, AnyJson]
    aggregates: Aggregates
    handoff: HandoffRef | None
    marks: Marks
    opted_out: datetime | None = Field(None, description="Since when the customer forbids that we write to them.")
    created_at: datetime
    updated_at: datetime


class ConversationWithQueue(ConversationView):
    queue: QueueView | None = Field(None, description="Where the customer stands while waiting for a person.")


class MessageView(View):
    id: str
    conversation_id: str
    seq: int
    role: Role
    author: str
    at: datetime
    parts: list[AnyPart]
    language: str | None
    translations: Mapping[str, list[AnyPart]]
    understanding: Understanding | None
    visibility: Visibility
    withdrawn: bool = Field(description="Overtaken by a change of controller before it went out.")
    turn_id: str
    quotes: str = Field("", description="Id of the message it answers, or the platform's where that is not known here.")
    edited_at: datetime | None = Field(None, description="When its author last changed it.")
    deleted_at: datetime | None = Field(None, description="When its author took it back; its words are gone.")
    reactions: Mapping[str, str] = Field(default_factory=dict, description="By who reacted.")


class MessagePage(View):
    """Oldest first. `earlier` is the `before` of the page before (null: none), `later` the `after` to go on with."""

    data: list[MessageView]
    earlier: int | None
    later: int


class CustomerView(View):
    id: str
    profile: Facts
    created_at: datetime
    updated_at: datetime


class HandoffView(View):
    id: str
    conversation_id: str
    state: HandoffState
    team: str
    priority: Priority
    reason: str
    language: str
    agent_id: str
    offered_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None
    note: str


class PacketView(View):
    """The Handoff packet, schema version 1: all a person needs to take over."""

    version: Literal[1]
    reason: str
    rule: str
    evidence: list[int] = Field(description="The `seq`s that made the rule hold.")
    values: Mapping[str, AnyJson]
    transcript: list[MessageView]
    sentiment: list[float]
    intents: list[str]
    slots: Mapping[str, AnyJson]
    tried: list[str]
    profile: Facts
    context: Mapping[str, AnyJson]
    channel_id: str
    channel_kind: str
    language: str
    team: str
    priority: Priority
    summary: str


class HandoffWithPacket(HandoffView):
    packet: PacketView


class TraceView(View):
    id: str
    conversation_id: str
    turn_id: str
    at: datetime
    ms: float
    epoch: int
    outcome: Literal["answered", "handed_off", "at_desk", "waiting", "discarded", "failed"]
    seqs: list[int]
    stages: list[StageRun]
    decisions: list[Decision]
    bots: list[BotCall]
    actions: list[Annotated[Any, Field(description="What the bot wanted; see docs/bots.md.")]]
    losses: list[Loss]
    notes: list[str]


class ChannelView(View):
    id: str
    kind: str
    bot: str
    delivery: Literal["push", "pull"] | None = Field(None, description="As the next four: only of one that runs.")
    rate: int | None = Field(None, description="Messages one customer may send a minute.")
    max_bytes: int | None = None
    hook: str = Field("", description="Path the platform delivers to; empty for a channel without one.")
    limits: Limits | None = Field(None, description="What the channel can show natively.")
    listening: bool | None = Field(
        None, description="Whether a worker listens to the platform now; null where the platform calls."
    )
    troubles: list[str] = Field(default_factory=list, description="What is wrong with it now, in words.")
    stored: bool = Field(False, description="Whether it was added while the server ran, and is not in parley.toml.")
    enabled: bool = True


class ChannelFile(ChannelView):
    settings: Mapping[str, Any] = Field(description="Without what is secret.")
    author: str = Field(description="Who changed it last; empty for one of parley.toml, as the next two are null.")
    created_at: datetime | None
    updated_at: datetime | None


class StepView(View):
    title: str
    text: str = Field(description="What to paste where, when Parley could not do it.")
    done: bool


class SetupView(View):
    hook: str = Field(description="The address its platform delivers to.")
    steps: list[StepView]


class FindingView(View):
    ok: bool
    what: str
    mend: str


class CheckedView(View):
    ok: bool
    findings: list[FindingView]


class TakenView(View):
    taken: bool
    ids: list[str] = Field(default_factory=list, description="What the platform calls it.")
    error: str = ""
    reason: str = Field("", description="Such as window_closed, opted_out, token_expired.")


class DepthView(View):
    channel_id: str
    turns: int = Field(description="Conversations with messages no turn has processed.")
    oldest_turn: datetime | None = Field(description="When the first of those messages came.")
    sends: int = Field(description="Messages to be sent, retries among them.")
    oldest_send: datetime | None = Field(description="When the first of them was said.")
    dead: int = Field(description="Dead letters.")


class DeadLetterView(View):
    id: str
    channel_id: str
    address: str
    conversation_id: str
    message_id: str
    seq: int
    attempts: int
    done: int = Field(description="Parts of it that went out; a retry goes on after them.")
    error: str = Field(description="What the platform said to the last try.")
    reason: SendReason = Field("", description="Why, where what to do next depends on it.")


class DeadLetterWithParts(DeadLetterView):
    parts: list[AnyPart] = Field(description="What the customer would have read, in the form it took on the channel.")
    of: int = Field(description="In how many messages of the platform it goes out.")


class KeyView(View):
    id: str
    name: str
    hint: str = Field(description="The first characters of the key.")
    scopes: list[Scope]
    created_at: datetime
    revoked: bool


class NewKey(KeyView):
    key: str = Field(description="The key itself: shown this once, and never again.")
