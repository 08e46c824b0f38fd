"""Which addresses are one person's, who says so, and how a conversation goes on elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

LinkEvidence = Literal["code", "known", "verified_email", "verified_phone", "api"]
"""code: the person showed a one-time code they were given in the other conversation · known: the address was theirs
before, with another conversation · verified_…: it is a fact somebody vouched for · api: an outside system says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One address of a person: whose it is, and the conversation that what they write there belongs to."""

    app_id: str
    channel_id: str
    address: str
    customer_id: str
    conversation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChange:
    """One address that became another person's: the audit trail, and what is needed to take it back.

    `before` is None for an address nobody had written from. `learned` are the facts that the profile gained by it.
    """

    id: str
    app_id: str
    at: datetime
    evidence: LinkEvidence
    by: str
    after: Identity
    before: Identity | None = None
    learned: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    undone_at: datetime | None = None
    undone_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCode:
    """What a one-time code stands for. The code itself is not kept, only its digest; `by` asked for it."""

    digest: str
    app_id: str
    conversation_id: str
    by: str
    expires_at: datetime
