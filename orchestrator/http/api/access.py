"""Who may call the API: bearer keys with scopes, each bound to one app and to so many requests a minute."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from orchestrator.engine import App, Engine
from orchestrator.errors import Forbidden, Malformed, Throttled
from orchestrator.http.keys import allows, find_key
from orchestrator.ports import Accounts, Bus, Clock, Letters, Records
from orchestrator.types import Agent, ApiKey, Scope

MINUTE = timedelta(minutes=1)

bearer = HTTPBearer(
    auto_error=False,
    scheme_name="apiKey",
    bearerFormat="pk_…",
    description="An API key; 'parley keys add' makes one.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The key that asks, and its app."""

    key: ApiKey
    app: App

    @property
    def app_id(self) -> str:
        return self.key.app_id

    @property
    def who(self) -> str:
        """As the author of what it changes."""
        return f"key {self.key.name!r}"

    def agent(self, language: str = "") -> Agent:
        """The key as somebody at the desk: an outside desk works cases under its key's name."""
        return Agent(
            app_id=self.key.app_id,
            id=f"key:{self.key.id}",
            email="",
            name=self.key.name,
            password_hash="",
            languages=(language or self.app.settings.pivot,),
            created_at=self.key.created_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """What the API stands on. `rate` is requests a minute for each key."""

    apps: Mapping[str, App]
    engine: Engine
    records: Records
    letters: Letters
    accounts: Accounts
    bus: Bus
    clock: Clock
    rate: int = 600

    def caller(self, scope: Scope) -> Callable[..., Awaitable[Caller]]:
        """A dependency: the caller, if its key allows `scope`.

        Raises Unauthenticated, Forbidden, Throttled, and Malformed for a query that isn't known there.
        """

        async def check(
            request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)] = None
        ) -> Caller:
            key = await find_key(self.accounts, request.headers.get("authorization", ""))
            if wait := await self.bus.take(f"key:{key.id}", limit=self.rate, per=MINUTE):
                raise Throttled(f"this key may ask {self.rate} times a minute", retry_after=wait)
            if not allows(key, scope):
                raise Forbidden(f"this needs a key with scope {scope!r}; yours has {', '.join(key.scopes)}")
            if key.app_id not in self.apps:
                raise Forbidden("this key belongs to an app that is not configured on this server")
            refuse_unknown(request)
            return Caller(key=key, app=self.apps[key.app_id])

        return check


def refuse_unknown(request: Request) -> None:
    """As in bodies, a typing mistake in a query never passes for a default. Raises Malformed."""
    known = [param.alias for param in request.scope["route"].dependant.query_params]
    for name in request.query_params:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise Malformed(f"query.{name[:60]}: there is no such parameter here; known: {listed}")
