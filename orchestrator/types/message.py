"""Messages: the items of a conversation's log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from orchestrator.types.parts import Part
from orchestrator.types.understanding import Understanding

Role = Literal["customer", "bot", "agent", "observer", "system"]
Visibility = Literal["public", "internal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One item somebody said.

    `seq` is 1, 2, 3 … within the conversation; 0 until the store numbers it. `parts` are the words as
    they were said, in `language` (None: not known, or nothing to translate); `translations` holds the
    same parts in other languages. `author` is a bot's name, an agent's id or the customer's address.
    `visibility="internal"` never reaches the customer. `external_id` is the platform's or the client's id
    of an inbound message and makes a second delivery of it a duplicate. `withdrawn` messages were
    overtaken by a change of controller before they went out.

    `quotes` is the id of the message it answers, or the platform's where that is not known here. `edited_at` and
    `deleted_at`: its author changed it, or took it back; then its words are gone. `reactions` by who reacted.
    """

    id: str
    app_id: str
    conversation_id: str
    role: Role
    parts: tuple[Part, ...]
    at: datetime
    seq: int = 0
    author: str = ""
    language: str | None = None
    translations: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)
    understanding: Understanding | None = None
    visibility: Visibility = "public"
    epoch: int = 0
    turn_id: str = ""
    external_id: str = ""
    withdrawn: bool = False
    quotes: str = ""
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    reactions: Mapping[str, str] = field(default_factory=dict)
