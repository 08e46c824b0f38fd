"""Who works at the desk, and who may call the API."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

AgentRole = Literal["agent", "admin"]
Scope = Literal["read", "write", "admin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """`teams` empty means every team. `languages` are those the agent reads without translation."""

    app_id: str
    id: str
    email: str
    name: str
    password_hash: str
    role: AgentRole = "agent"
    teams: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)
    disabled: bool = False
    failures: int = 0
    locked_until: datetime | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockout:
    """After `limit` wrong passwords in a row an account rests for `first`; each one more doubles it, to `longest`."""

    limit: int
    first: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A desk sign-in. Only the digest of its cookie is kept; `csrf` must come back in a header of every change."""

    digest: str
    app_id: str
    agent_id: str
    csrf: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """Only the digest of the key is kept. `hint` is its first characters, to tell keys apart."""

    id: str
    app_id: str
    name: str
    digest: str
    hint: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    revoked: bool = False
