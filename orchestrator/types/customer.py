"""The person on the other side of a channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Profile = Mapping[str, str | int | float | bool | None]
"""What is known of a customer: flat and JSON. Keys with a meaning to Parley: name, email, language, tier, verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    app_id: str
    id: str
    profile: Profile = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime
