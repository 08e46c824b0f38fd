"""Agents, their sign-ins, and API keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import kept, plain
from orchestrator.adapters.sql.rows import micros, moment
from orchestrator.adapters.sqlite.accounts import (
    AGENT,
    KEY,
    SESSION,
    agent_values,
    email_key,
    names,
    rests,
    taken,
    to_agent,
    to_key,
)
from orchestrator.errors import NotFound
from orchestrator.types import Agent, ApiKey, Lockout, Session

ADD_AGENT = f"INSERT INTO agents ({AGENT}, email_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
SAVE_AGENT = (
    "UPDATE agents SET email = $3, name = $4, password_hash = $5, role = $6, teams = $7, languages = $8, "
    "disabled = $9, failures = $10, locked_until = $11, created_at = $12, email_key = $13 "
    "WHERE id = $1 AND app_id = $2"
)
MISS = (
    "UPDATE agents SET failures = failures + 1, locked_until = CASE WHEN failures + 1 < $4 THEN locked_until "
    "ELSE $3 + least($5::bigint << least(failures + 1 - $4, 10)::int, $6) END "
    "WHERE id = $1 AND app_id = $2 AND (locked_until IS NULL OR locked_until <= $3)"
)
CLEAR = (
    "UPDATE agents SET failures = 0, locked_until = NULL, password_hash = $5 WHERE id = $1 AND app_id = $2 "
    f"AND password_hash = $4 AND disabled = 0 AND (locked_until IS NULL OR locked_until <= $3) RETURNING {AGENT}"
)
AGENT_BY_ID = f"SELECT {AGENT} FROM agents WHERE id = $1 AND app_id = $2"
AGENT_BY_EMAIL = f"SELECT {AGENT} FROM agents WHERE app_id = $1 AND email_key = $2"
AGENTS = f"SELECT {AGENT} FROM agents WHERE app_id = $1 ORDER BY email_key"
EXPIRED = "DELETE FROM sessions WHERE expires_at <= $1"
ADD_SESSION = f"INSERT INTO sessions ({SESSION}) VALUES ($1, $2, $3, $4, $5)"
SESSION_BY = f"SELECT {SESSION} FROM sessions WHERE digest = $1 AND expires_at > $2"
END_SESSION = "DELETE FROM sessions WHERE digest = $1"
END_SESSIONS = "DELETE FROM sessions WHERE app_id = $1 AND agent_id = $2"
ADD_KEY = f"INSERT INTO api_keys ({KEY}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
KEY_BY = f"SELECT {KEY} FROM api_keys WHERE digest = $1 AND revoked = 0"
KEYS = f"SELECT {KEY} FROM api_keys WHERE app_id = $1 ORDER BY created_at DESC, id DESC"
REVOKE = "UPDATE api_keys SET revoked = 1 WHERE id = $1 AND app_id = $2"
NOBODY = "UPDATE 0"


def written(agent: Agent) -> list[Any]:
    return storable(agent_values(agent))


def storable(values: tuple[Any, ...]) -> list[Any]:
    """As columns of text and bigint take them."""
    return [
        kept(value) if isinstance(value, str) else int(value) if isinstance(value, bool) else value for value in values
    ]


async def add_agent(db: Connection, agent: Agent) -> None:
    try:
        await db.execute(ADD_AGENT, *written(agent))
    except asyncpg.UniqueViolationError:
        raise taken(agent) from None


async def save_agent(db: Connection, agent: Agent) -> None:
    try:
        changed = await db.execute(SAVE_AGENT, *written(agent))
    except asyncpg.UniqueViolationError:
        raise taken(agent) from None
    if changed == NOBODY:
        raise NotFound(f"app {agent.app_id!r} has no agent {agent.id!r}")


async def count_miss(db: Connection, app_id: str, agent_id: str, now: datetime, lockout: Lockout) -> None:
    await db.execute(MISS, kept(agent_id), app_id, micros(now), *rests(lockout))


async def clear_misses(db: Connection, agent: Agent, now: datetime, password_hash: str) -> Agent | None:
    row = await db.fetchrow(CLEAR, agent.id, agent.app_id, micros(now), agent.password_hash, password_hash)
    return to_agent(plain(row)) if row else None


async def agent(db: Connection, app_id: str, agent_id: str) -> Agent:
    row = await db.fetchrow(AGENT_BY_ID, kept(agent_id), app_id)
    if row is None:
        raise NotFound(f"app {app_id!r} has no agent {agent_id!r}")
    return to_agent(plain(row))


async def agent_by_email(db: Connection, app_id: str, email: str) -> Agent | None:
    row = await db.fetchrow(AGENT_BY_EMAIL, app_id, kept(email_key(email)))
    return to_agent(plain(row)) if row else None


async def agents(db: Connection, app_id: str) -> Sequence[Agent]:
    return [to_agent(plain(row)) for row in await db.fetch(AGENTS, app_id)]


async def add_session(db: Connection, session: Session, now: int) -> None:
    """Expired ones go at each sign-in."""
    await db.execute(EXPIRED, now)
    values = (session.digest, session.app_id, session.agent_id, session.csrf, micros(session.expires_at))
    await db.execute(ADD_SESSION, *storable(values))


async def session(db: Connection, digest: str, now: datetime) -> Session | None:
    row = await db.fetchrow(SESSION_BY, kept(digest), micros(now))
    if row is None:
        return None
    return Session(digest=row[0], app_id=row[1], agent_id=row[2], csrf=row[3], expires_at=moment(row[4]))


async def end_session(db: Connection, digest: str) -> None:
    await db.execute(END_SESSION, kept(digest))


async def end_sessions(db: Connection, app_id: str, agent_id: str) -> None:
    await db.execute(END_SESSIONS, app_id, agent_id)


async def add_key(db: Connection, key: ApiKey) -> None:
    values = (
        key.id,
        key.app_id,
        key.name,
        key.digest,
        key.hint,
        names(key.scopes),
        micros(key.created_at),
        key.revoked,
    )
    await db.execute(ADD_KEY, *storable(values))


async def key(db: Connection, digest: str) -> ApiKey | None:
    """None also when it was revoked."""
    row = await db.fetchrow(KEY_BY, kept(digest))
    return to_key(plain(row)) if row else None


async def keys(db: Connection, app_id: str) -> Sequence[ApiKey]:
    return [to_key(plain(row)) for row in await db.fetch(KEYS, app_id)]


async def revoke_key(db: Connection, app_id: str, key_id: str) -> None:
    if await db.execute(REVOKE, kept(key_id), app_id) == NOBODY:
        raise NotFound(f"app {app_id!r} has no key {key_id!r}")
