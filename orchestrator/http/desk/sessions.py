"""Who is asking: a session's cookie turned into an agent, and the proof that the agent's own page asks."""

from dataclasses import dataclass
from hmac import compare_digest

from fastapi import Request, Response

from orchestrator.errors import Forbidden, NotFound, Unauthenticated
from orchestrator.http.desk.login import LASTS, digest
from orchestrator.http.desk.wire import check_origin
from orchestrator.ports import Accounts, Clock
from orchestrator.types import Agent, Session

COOKIE = "parley_desk"
CSRF = "x-parley-csrf"
SIGNED_OUT = "you are signed out; sign in at /desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    agent: Agent
    session: Session


class Sessions:
    """Dependencies for routes: `reader` for what only looks, `changer` for everything else."""

    def __init__(self, accounts: Accounts, clock: Clock, public_url: str) -> None:
        self.accounts = accounts
        self.clock = clock
        self.public_url = public_url

    async def of(self, token: str | None) -> SignedIn:
        """Raises Unauthenticated when nobody is signed in, or not any more, or may not be."""
        session = await self.accounts.session(digest(token), self.clock.now()) if token else None
        if session is None:
            raise Unauthenticated(SIGNED_OUT)
        try:
            agent = await self.accounts.agent(session.app_id, session.agent_id)
        except NotFound:
            raise Unauthenticated(SIGNED_OUT) from None
        if agent.disabled:
            raise Unauthenticated("this account is switched off; ask an admin of the desk")
        return SignedIn(agent=agent, session=session)

    async def reader(self, request: Request) -> SignedIn:
        return await self.of(request.cookies.get(COOKIE))

    async def changer(self, request: Request) -> SignedIn:
        """Also raises Forbidden when another site's page may be behind the request."""
        self.own_page(request)
        signed_in = await self.reader(request)
        if not compare_digest(request.headers.get(CSRF, "").encode(), signed_in.session.csrf.encode()):
            raise Forbidden(f"the header {CSRF!r} is missing or not this session's; reload the desk")
        return signed_in

    def own_page(self, request: Request) -> None:
        check_origin(request.headers.get("origin"), request.headers.get("host", ""), self.public_url)

    def remember(self, response: Response, token: str) -> None:
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(LASTS.total_seconds()),
            path="/desk",
            secure=self.public_url.startswith("https:"),
            httponly=True,
            samesite="strict",
        )

    def forget(self, response: Response) -> None:
        response.delete_cookie(COOKIE, path="/desk", httponly=True, samesite="strict")
