"""What settings are made of: sections, hosts of plugins, and values that are checked."""

import ipaddress
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, StringConstraints

SHORTEST_SECRET = 32
HOUR, DAY = 3600.0, 86_400.0

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""Of apps, channels, bots and teams: they become parts of addresses and of names of environment variables."""
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
PairPattern = Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3}|\*)-([a-z]{2,3}|\*)$")]


ProcessRole = Literal["all", "web", "worker"]
"""What a process does of all there is to do: see docs/operate.md."""


class Section(BaseModel):
    """Frozen; an unknown key is an error, so that a typing mistake never passes for a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Host(BaseModel):
    """Of a plugin: the keys that are not named here are the plugin's own. They are never shown: some are secret."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return [(name, value) for name, value in super().__repr_args__() if name in type(self).model_fields]


def url_of_server(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise ValueError("should be the address customers' browsers use, such as 'https://chat.example.com'")
    return value.rstrip("/")


def long_enough(value: str) -> str:
    if 0 < len(value) < SHORTEST_SECRET:
        raise ValueError(
            f"has {len(value)} characters and needs {SHORTEST_SECRET} or more; 'openssl rand -hex 32' makes one"
        )
    return value


def address_or_network(value: str) -> str:
    try:
        if value != "*":
            ipaddress.ip_network(value)
    except ValueError:
        raise ValueError("should be an IP address or a network, such as '10.0.0.5' or '10.0.0.0/8'") from None
    return value


def names(value: object) -> object:
    """One name, several, or "none"."""
    if isinstance(value, str):
        return () if value == "none" else (value,)
    return value
