"""The head of a conversation: everything a turn needs to know without reading the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from orchestrator.types.channel import OpenChoice
from orchestrator.types.handoff import HandoffState, Priority
from orchestrator.types.parts import Form
from orchestrator.types.turn import Returned


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """Who may speak to the customer: a bot (`name`), or the desk (`name` is the agent's id, "" while it waits)."""

    kind: Literal["bot", "desk"]
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """The conversation's language and how firmly it is held; `doubts` counts turns that read otherwise.

    `pinned`: the customer asked for it, and messages in another language count less. `by_agent`: an agent pinned it,
    and only the customer's own wish changes it.
    """

    code: str
    confidence: float = 0.0
    pinned: bool = False
    doubts: int = 0
    by_agent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregates:
    """Running sums kept in the head, so that no turn scans history.

    `sentiment` is an exponential moving average of scores, `trend` its last change; `lows` counts
    negative customer messages in a row, `misunderstood` bot turns in a row without an answer.
    """

    turns: int = 0
    customer_messages: int = 0
    bot_messages: int = 0
    agent_messages: int = 0
    sentiment: float = 0.0
    trend: float = 0.0
    lows: int = 0
    scores: tuple[float, ...] = ()
    misunderstood: int = 0
    bot_failures: int = 0
    handoffs: int = 0
    intents: tuple[str, ...] = ()
    last_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaiting:
    """A bot that answered "later": its actions are due for this turn until `until`."""

    turn_id: str
    bot: str
    epoch: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRef:
    """The handoff that is open now."""

    id: str
    state: HandoffState
    team: str
    priority: Priority
    agent_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """A form that is asked field by field: `at` is the index of the field asked for, `values` what was said so far.

    `form` is as the bot said it, in message `message_id`, and `shown` as the customer reads it, in `language`. `epoch`
    and `asked_at` are of the last question: after a change of controller it is asked again.
    """

    form: Form
    shown: Form
    language: str
    message_id: str
    asked_at: datetime
    epoch: int
    at: int = 0
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How far each side has come, as message `seq`s; they only grow."""

    customer_delivered: int = 0
    customer_read: int = 0
    desk_read: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One customer's thread.

    `version` fences commits: it grows by one with each. `last_seq`, `marks` and `context` live outside
    the fence: accepting a message, reading one or turning a page never makes a running turn void.
    Messages with `processed_seq < seq <= last_seq` wait for a turn. `epoch` grows with each change of
    controller. `wake_at` asks the sweep to look again (a late bot, an expiring handoff). `opted_out`: since when the
    customer forbids that we write to them; `opted_in`: when they last allowed it. `opt_out_learnt`: they did not say
    so, their platform refused what we sent; what they write themselves ends it. `started_by` is the platform's id of
    the last time the customer opened it, `opening` when they did so again: until the bot has had its turn to greet.
    """

    app_id: str
    id: str
    channel_id: str
    address: str
    customer_id: str
    controller: Controller
    language: Spoken
    created_at: datetime
    updated_at: datetime
    version: int = 0
    last_seq: int = 0
    processed_seq: int = 0
    epoch: int = 0
    status: Literal["open", "closed"] = "open"
    bot: str = ""
    slots: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    aggregates: Aggregates = Aggregates()
    handoff: HandoffRef | None = None
    choices: tuple[OpenChoice, ...] = ()
    filling: Filling | None = None
    awaiting: Awaiting | None = None
    returned: Returned | None = None
    marks: Marks = Marks()
    wake_at: datetime | None = None
    opted_out: datetime | None = None
    opted_in: datetime | None = None
    opt_out_learnt: bool = False
    started_by: str = ""
    opening: datetime | None = None
