"""What is kept beside conversations for translating: what is owed, what people reviewed, how much was used."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

ReviewState = Literal["proposed", "approved", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A message that no engine could translate when it was said, from `source` to `target` (ISO 639-1)."""

    message_id: str
    app_id: str
    conversation_id: str
    source: str
    target: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A person's translation of `text`: it counts once an admin has approved it.

    `author` is the agent who wrote it, `decided_by` the admin, "" until then; `updated_at` is the last of the two.
    """

    id: str
    app_id: str
    source: str
    target: str
    text: str
    translation: str
    author: str
    created_at: datetime
    updated_at: datetime
    state: ReviewState = "proposed"
    decided_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one engine was sent on one day (UTC) by one app; `characters` as the engine got them."""

    app_id: str
    engine: str
    day: date
    requests: int = 0
    characters: int = 0
