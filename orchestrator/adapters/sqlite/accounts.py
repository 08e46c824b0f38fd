"""Agents, their sign-ins, and API keys."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from sqlite3 import Cursor
from typing import Any

from orchestrator import codec
from orchestrator.adapters.sql.rows import Row, maybe_micros, maybe_moment, micros, moment
from orchestrator.errors import Conflict, NotFound
from orchestrator.types import Agent, ApiKey, Lockout, Session

AGENT = "id, app_id, email, name, password_hash, role, teams, languages, disabled, failures, locked_until, created_at"
ADD_AGENT = f"INSERT INTO agents ({AGENT}, email_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
SAVE_AGENT = (
    "UPDATE agents SET email = ?3, name = ?4, password_hash = ?5, role = ?6, teams = ?7, languages = ?8, "
    "disabled = ?9, failures = ?10, locked_until = ?11, created_at = ?12, email_key = ?13 "
    "WHERE id = ?1 AND app_id = ?2"
)
# One statement: it finds the row as the last of those who try at the same moment left it.
MISS = (
    "UPDATE agents SET failures = failures + 1, locked_until = CASE WHEN failures + 1 < ?4 THEN locked_until "
    "ELSE ?3 + min(?5 << min(failures + 1 - ?4, 10), ?6) END "
    "WHERE id = ?1 AND app_id = ?2 AND (locked_until IS NULL OR locked_until <= ?3)"
)
CLEAR = (
    "UPDATE agents SET failures = 0, locked_until = NULL, password_hash = ?5 WHERE id = ?1 AND app_id = ?2 "
    f"AND password_hash = ?4 AND disabled = 0 AND (locked_until IS NULL OR locked_until <= ?3) RETURNING {AGENT}"
)
AGENT_BY_ID = f"SELECT {AGENT} FROM agents WHERE id = ? AND app_id = ?"
AGENT_BY_EMAIL = f"SELECT {AGENT} FROM agents WHERE app_id = ? AND email_key = ?"
AGENTS = f"SELECT {AGENT} FROM agents WHERE app_id = ? ORDER BY email_key"
SESSION = "digest, app_id, agent_id, csrf, expires_at"
ADD_SESSION = f"INSERT INTO sessions ({SESSION}) VALUES (?, ?, ?, ?, ?)"
KEY = "id, app_id, name, digest, hint, scopes, created_at, revoked"
ADD_KEY = f"INSERT INTO api_keys ({KEY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
MICROSECOND = timedelta(microseconds=1)
REVOKE = "UPDATE api_keys SET revoked = 1 WHERE id = ? AND app_id = ?"


def email_key(email: str) -> str:
    """How e-mails are compared: nobody remembers whether they signed up with a capital."""
    return email.strip().casefold()


def names(values: Sequence[str]) -> str:
    return codec.names.dump(tuple(values)).decode()


def add_agent(db: Cursor, agent: Agent) -> None:
    try:
        db.execute(ADD_AGENT, agent_values(agent))
    except sqlite3.IntegrityError:
        raise taken(agent) from None


def save_agent(db: Cursor, agent: Agent) -> None:
    try:
        changed = db.execute(SAVE_AGENT, agent_values(agent)).rowcount
    except sqlite3.IntegrityError:
        raise taken(agent) from None
    if not changed:
        raise NotFound(f"app {agent.app_id!r} has no agent {agent.id!r}")


def count_miss(db: Cursor, app_id: str, agent_id: str, now: datetime, lockout: Lockout) -> None:
    db.execute(MISS, (agent_id, app_id, micros(now), *rests(lockout)))


def rests(lockout: Lockout) -> tuple[int, int, int]:
    """The times in microseconds."""
    return lockout.limit, lockout.first // MICROSECOND, lockout.longest // MICROSECOND


def clear_misses(db: Cursor, agent: Agent, now: datetime, password_hash: str) -> Agent | None:
    row = db.execute(CLEAR, (agent.id, agent.app_id, micros(now), agent.password_hash, password_hash)).fetchone()
    return to_agent(row) if row else None


def taken(agent: Agent) -> Conflict:
    return Conflict(f"app {agent.app_id!r} has an agent with the e-mail {agent.email!r} already")


def agent_values(agent: Agent) -> tuple[Any, ...]:
    return (
        agent.id,
        agent.app_id,
        agent.email,
        agent.name,
        agent.password_hash,
        agent.role,
        names(agent.teams),
        names(agent.languages),
        agent.disabled,
        agent.failures,
        maybe_micros(agent.locked_until),
        micros(agent.created_at),
        email_key(agent.email),
    )


def to_agent(row: Row) -> Agent:
    return Agent(
        id=row[0],
        app_id=row[1],
        email=row[2],
        name=row[3],
        password_hash=row[4],
        role=row[5],
        teams=codec.names.load(row[6]),
        languages=codec.names.load(row[7]),
        disabled=bool(row[8]),
        failures=row[9],
        locked_until=maybe_moment(row[10]),
        created_at=moment(row[11]),
    )


def agent(db: Cursor, app_id: str, agent_id: str) -> Agent:
    row = db.execute(AGENT_BY_ID, (agent_id, app_id)).fetchone()
    if row is None:
        raise NotFound(f"app {app_id!r} has no agent {agent_id!r}")
    return to_agent(row)


def agent_by_email(db: Cursor, app_id: str, email: str) -> Agent | None:
    row = db.execute(AGENT_BY_EMAIL, (app_id, email_key(email))).fetchone()
    return to_agent(row) if row else None


def agents(db: Cursor, app_id: str) -> Sequence[Agent]:
    return [to_agent(row) for row in db.execute(AGENTS, (app_id,)).fetchall()]


def add_session(db: Cursor, session: Session, now: int) -> None:
    """Expired ones go at each sign-in."""
    db.execute("DELETE FROM sessions WHERE expires_at <= ?", (now,))
    values = (session.digest, session.app_id, session.agent_id, session.csrf, micros(session.expires_at))
    db.execute(ADD_SESSION, values)


def session(db: Cursor, digest: str, now: datetime) -> Session | None:
    sql = f"SELECT {SESSION} FROM sessions WHERE digest = ? AND expires_at > ?"
    row = db.execute(sql, (digest, micros(now))).fetchone()
    if row is None:
        return None
    return Session(digest=row[0], app_id=row[1], agent_id=row[2], csrf=row[3], expires_at=moment(row[4]))


def end_session(db: Cursor, digest: str) -> None:
    db.execute("DELETE FROM sessions WHERE digest = ?", (digest,))


def end_sessions(db: Cursor, app_id: str, agent_id: str) -> None:
    db.execute("DELETE FROM sessions WHERE app_id = ? AND agent_id = ?", (app_id, agent_id))


def add_key(db: Cursor, key: ApiKey) -> None:
    scopes = names(key.scopes)
    values = (key.id, key.app_id, key.name, key.digest, key.hint, scopes, micros(key.created_at), key.revoked)
    db.execute(ADD_KEY, values)


def to_key(row: Row) -> ApiKey:
    return ApiKey(
        id=row[0],
        app_id=row[1],
        name=row[2],
        digest=row[3],
        hint=row[4],
        scopes=codec.scopes.load(row[5]),
        created_at=moment(row[6]),
        revoked=bool(row[7]),
    )


def key(db: Cursor, digest: str) -> ApiKey | None:
    """None also when it was revoked."""
    row = db.execute(f"SELECT {KEY} FROM api_keys WHERE digest = ? AND revoked = 0", (digest,)).fetchone()
    return to_key(row) if row else None


def keys(db: Cursor, app_id: str) -> Sequence[ApiKey]:
    sql = f"SELECT {KEY} FROM api_keys WHERE app_id = ? ORDER BY created_at DESC, id DESC"
    return [to_key(row) for row in db.execute(sql, (app_id,)).fetchall()]


def revoke_key(db: Cursor, app_id: str, key_id: str) -> None:
    if not db.execute(REVOKE, (key_id, app_id)).rowcount:
        raise NotFound(f"app {app_id!r} has no key {key_id!r}")
