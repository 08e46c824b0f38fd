"""Signing in: e-mail and password against the configured apps, with lock-out, and nothing to learn from a refusal."""

import asyncio
import ipaddress
import secrets
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

from orchestrator.errors import Malformed, Throttled, Unauthenticated
from orchestrator.http.passwords import LONGEST, Passwords, plain_email
from orchestrator.ports import Accounts, Bus, Clock
from orchestrator.types import Agent, Lockout, Session

LASTS = timedelta(hours=12)
"""A sign-in lasts a long shift and is not prolonged: a stolen cookie dies the same day."""

MISSES = 5
LOCKOUT = Lockout(limit=MISSES, first=timedelta(minutes=15), longest=timedelta(hours=24))

WINDOW = timedelta(minutes=15)
PER_ADDRESS = 100
"""Tries from one address per window: an office of agents behind one router signs in at nine."""
PER_EMAIL = 20

REFUSAL_SECONDS = 0.5
"""A refusal is answered no sooner: counting a miss is a durable write, which nobody should be able to time."""

MOST_APPS = 3
"""Apps looked through when the form names none; each costs one hash, needed or not, so that time tells nothing."""

REFUSED = (
    "that e-mail and password do not match; after 5 wrong tries in a row an account rests for 15 minutes or more, "
    "even for the right password"
)


class ChooseApp(Exception):
    """The e-mail and password are right in several apps: `apps` are their ids."""

    def __init__(self, apps: Sequence[str]) -> None:
        super().__init__("this e-mail works in several workspaces; choose one")
        self.apps = apps


def digest(token: str) -> str:
    """What is kept of a session's cookie."""
    return sha256(token.encode()).hexdigest()


class Login:
    def __init__(
        self,
        accounts: Accounts,
        bus: Bus,
        clock: Clock,
        apps: Sequence[str],
        passwords: Passwords,
        refusal_seconds: float = REFUSAL_SECONDS,
    ) -> None:
        self.accounts = accounts
        self.bus = bus
        self.clock = clock
        self.apps = apps
        self.passwords = passwords
        self.refusal_seconds = refusal_seconds

    async def sign_in(self, email: str, password: str, app_id: str, address: str) -> tuple[str, Session, Agent]:
        """The cookie's token, the session, the agent. Raises Unauthenticated, Throttled or ChooseApp."""
        await self._allow(f"desk-login:address:{neighbourhood(address)}", PER_ADDRESS)
        try:
            plain = plain_email(email)
        except Malformed:
            plain = ""
        await self._allow(f"desk-login:email:{digest(plain)}", PER_EMAIL)
        answer_at = self.clock.monotonic() + self.refusal_seconds
        try:
            agent = await self._agent(plain, password, app_id)
        except Unauthenticated:
            await asyncio.sleep(max(0.0, answer_at - self.clock.monotonic()))
            raise
        return await self._session(agent)

    async def _allow(self, key: str, limit: int) -> None:
        wait = await self.bus.take(key, limit=limit, per=WINDOW)
        if wait > 0:
            minutes = max(1, round(wait / 60))
            raise Throttled(f"too many tries to sign in; wait {minutes} min and try again", retry_after=wait)

    async def _agent(self, email: str, password: str, app_id: str) -> Agent:
        """The one agent these are right for. A miss counts, a hit clears the count; who rests is refused either way."""
        known = [app_id] if app_id in self.apps else list(self.apps) if not app_id else []
        found = [await self.accounts.agent_by_email(app, email) if email else None for app in known]
        agents = [agent for agent in found if agent is not None and not agent.disabled][:MOST_APPS]
        spare = (1 if app_id else min(len(self.apps), MOST_APPS)) - len(agents)
        hashes = [agent.password_hash for agent in agents] + [""] * spare
        matches = [await self.passwords.matches(password[: LONGEST + 1], known_hash) for known_hash in hashes]
        awake = [(agent, match) for agent, match in zip(agents, matches, strict=False) if not self._rests(agent)]
        right = [agent for agent, match in awake if match]
        if not right:
            for agent, _ in awake:
                await self.accounts.count_miss(agent.app_id, agent.id, self.clock.now(), LOCKOUT)
            raise Unauthenticated(REFUSED)
        if len(right) > 1:
            raise ChooseApp([agent.app_id for agent in right])
        return await self._cleared(right[0], password)

    def _rests(self, agent: Agent) -> bool:
        return agent.locked_until is not None and agent.locked_until > self.clock.now()

    async def _cleared(self, agent: Agent, password: str) -> Agent:
        """Raises Unauthenticated when others, who guessed meanwhile, locked the account before this was found right."""
        stale = self.passwords.stale(agent.password_hash)
        password_hash = await self.passwords.hash(password) if stale else agent.password_hash
        cleared = await self.accounts.clear_misses(agent, self.clock.now(), password_hash)
        if cleared is None:
            raise Unauthenticated(REFUSED)
        return cleared

    async def _session(self, agent: Agent) -> tuple[str, Session, Agent]:
        token = secrets.token_urlsafe(32)
        session = Session(
            digest=digest(token),
            app_id=agent.app_id,
            agent_id=agent.id,
            csrf=secrets.token_urlsafe(32),
            expires_at=self.clock.now() + LASTS,
        )
        await self.accounts.add_session(session)
        return token, session, agent


def neighbourhood(address: str) -> str:
    """Who counts as one caller: an IPv4 address, or the /64 every IPv6 customer gets whole."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)
