"""Channels that were added while the server runs: what is kept of them, beside those of parley.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEntry:
    """`sealed` is its whole configuration, encrypted; `shown` the same without what is secret.

    `outside`: somebody set it up over HTTP, so no address in it is trusted. `revision` grows with every change and
    fences it. Ids are unique over all apps: they are part of public addresses, which don't name the app.
    """

    app_id: str
    id: str
    kind: str
    enabled: bool = True
    outside: bool = False
    sealed: str = field(repr=False)
    shown: Mapping[str, Any] = field(default_factory=dict)
    author: str = ""
    revision: int = 0
    created_at: datetime
    updated_at: datetime
