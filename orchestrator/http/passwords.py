"""Agents' passwords (argon2id), and making an agent."""

import asyncio
import re
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from orchestrator.errors import Malformed
from orchestrator.ports import Accounts, Clock
from orchestrator.types import Agent, AgentRole

SHORTEST = 10
LONGEST = 256
"""A longer one adds no strength, only work for the server."""

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
COMMON = frozenset(
    ("password12", "password123", "passwordpassword", "welcome123", "qwertyuiop", "qwerty1234", "qwerty12345")
    + ("1234567890", "0987654321", "letmein123", "iloveyou12", "administrator", "changeme12", "changeme123")
)


class Passwords:
    """Hashes in threads, `at_once` at a time: each takes 64 MiB and some 100 ms, by RFC 9106's second choice."""

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = 2) -> None:
        self.hasher = hasher or PasswordHasher()
        self.turn = asyncio.Semaphore(at_once)
        self.nobody = ""

    async def hash(self, password: str) -> str:
        async with self.turn:
            return await asyncio.to_thread(self.hasher.hash, password)

    async def matches(self, password: str, password_hash: str) -> bool:
        """Takes as long whether it matches or not, and also for "" (nobody has that e-mail), which is always False."""
        if not self.nobody:
            self.nobody = await self.hash("nobody's password")
        async with self.turn:
            return await asyncio.to_thread(self._verify, password, password_hash or self.nobody) and bool(password_hash)

    def _verify(self, password: str, password_hash: str) -> bool:
        try:
            return self.hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def stale(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self.hasher.check_needs_rehash(password_hash)


def plain_email(email: str) -> str:
    """The form an e-mail address is kept and looked up in. Raises Malformed."""
    plain = email.strip().casefold()
    if not EMAIL.fullmatch(plain):
        raise Malformed(f"{email!r} is not an e-mail address; write it as name@example.com")
    return plain


def check_password(password: str, email: str) -> None:
    """Raises Malformed, saying what is wrong and never the password."""
    lower = password.casefold()
    if len(password) < SHORTEST:
        raise Malformed(f"the password has {len(password)} characters; it needs at least {SHORTEST}")
    if len(password) > LONGEST:
        raise Malformed(f"the password has {len(password)} characters; at most {LONGEST} are allowed")
    if len(set(lower)) < 4 or lower in COMMON:
        raise Malformed("the password is among the first an attacker tries; choose another, such as four random words")
    if lower in (email, email.split("@")[0]):
        raise Malformed("the password is the e-mail address; choose another")


async def create_agent(
    accounts: Accounts,
    clock: Clock,
    app_id: str,
    email: str,
    name: str,
    password: str,
    role: AgentRole = "agent",
    teams: Sequence[str] = (),
    *,
    passwords: Passwords | None = None,
) -> Agent:
    """Raises Malformed on a bad e-mail, name or password, Conflict when the app has an agent with that e-mail."""
    plain = plain_email(email)
    if not name.strip():
        raise Malformed("an agent needs a name; customers may see it")
    check_password(password, plain)
    agent = Agent(
        app_id=app_id,
        id=clock.new_id(),
        email=plain,
        name=name.strip(),
        password_hash=await (passwords or Passwords()).hash(password),
        role=role,
        teams=tuple(dict.fromkeys(teams)),
        created_at=clock.now(),
    )
    await accounts.add_agent(agent)
    return agent
