"""What a bot is given: one turn, the same whatever the channel and the language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestrator.types.channel import Limits
from orchestrator.types.customer import Profile
from orchestrator.types.message import Role
from orchestrator.types.parts import Part
from orchestrator.types.understanding import Understanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """The message somebody answers to, in the bot's language where it is known in it."""

    message_id: str
    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One customer message of the turn: `text` in the bot's language, `original` as typed."""

    seq: int
    text: str
    original: str
    parts: tuple[Part, ...]
    at: datetime
    quotes: Quoted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """`reactions` are the signs that stand under it now."""

    role: Role
    text: str
    at: datetime
    edited: bool = False
    reactions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """An agent gave the conversation back: the bot's next turn carries it once."""

    handoff_id: str
    agent: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    id: str
    kind: str
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One pass from what the customer said to what they get back.

    `id` is the same when the same messages are tried again, so a bot can be idempotent with it.
    `messages` is every line that waited, oldest first; empty when the conversation was just opened.
    `text` is all of them in the bot's language, `original` as typed, `payload` and `form` the last tap
    and form answer. Answers after `deadline` are ignored. `language` is the customer's. `callback_url` takes one
    late answer to this very turn. `rehearsal`: nobody hears the answer (a shadow, a replay): do nothing that can't be
    undone.
    """

    id: str
    app_id: str
    conversation_id: str
    customer_id: str
    bot: str
    epoch: int
    deadline: datetime
    now: datetime
    messages: tuple[Said, ...]
    text: str
    original: str
    language: str
    bot_language: str
    channel: ChannelView
    understanding: Understanding | None = None
    payload: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    profile: Profile = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    slots: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[HistoryLine, ...] = ()
    returned: Returned | None = None
    callback_url: str = ""
    rehearsal: bool = False
