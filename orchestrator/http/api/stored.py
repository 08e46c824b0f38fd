"""Changing channels over /v1, and the accounts behind them. No answer holds a secret."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from orchestrator.engine import Channel
from orchestrator.errors import SendFailed
from orchestrator.http.api.views import ChannelFile, CheckedView, SetupView, TakenView
from orchestrator.http.bots.routes import Who, told
from orchestrator.http.sections import V1
from orchestrator.roster import NewChannel, accounts
from orchestrator.roster.accounts import Account
from orchestrator.roster.amend import scrubbed, secrets
from orchestrator.roster.office import Office
from orchestrator.roster.settings import shown

ChannelId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Show = Callable[[str, str], Awaitable[ChannelFile]]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewChannelBody(Body):
    id: ChannelId = Field(description="Part of the address its platform delivers to; no other app may have it.")
    settings: Mapping[str, Any] = Field(
        description="As in parley.toml: `kind`, and the kind's own keys, secrets among them. Kept encrypted."
    )
    enabled: bool = True


class ChangeBody(Body):
    settings: Mapping[str, Any] = Field(
        default_factory=dict, description="Over those it has; null takes a key away, what is left out stays."
    )
    enabled: bool | None = None


class SampleBody(Body):
    address: str = Field(min_length=1, max_length=500, description="A chat id, phone number, e-mail address …")
    text: str = Field(accounts.SAMPLE, min_length=1, max_length=4000)


def changing(office: Office, change: Who, show: Show) -> APIRouter:
    router = V1.router("/channels", "Channels")
    changer = Annotated[Any, Depends(change)]
    switchboard = office.roster.connections.switchboard

    async def as_it_is(app_id: str, channel_id: str) -> ChannelFile:
        await office.refresh()
        return await show(app_id, channel_id)

    @router.post("", summary="Add a channel", status_code=201)
    async def add_channel(asker: changer, body: NewChannelBody) -> ChannelFile:
        """It works at once, in every process. No address in it may be private, and no key may name a file."""
        new = NewChannel(id=body.id, raw=body.settings, enabled=body.enabled, author=asker.who, outside=True)
        with told():
            await switchboard.add(asker.app_id, new)
        return await as_it_is(asker.app_id, body.id)

    @router.patch("/{channel_id}", summary="Change a channel")
    async def change_channel(asker: changer, channel_id: str, body: ChangeBody) -> ChannelFile:
        """Secrets that are left out stay, unless the address changes that they would be sent to."""
        with told():
            if body.settings:
                await switchboard.change(asker.app_id, channel_id, body.settings, asker.who)
            if body.enabled is not None:
                await switchboard.switch(asker.app_id, channel_id, body.enabled)
        return await as_it_is(asker.app_id, channel_id)

    @router.post("/{channel_id}/enable", summary="Switch a channel on")
    async def enable_channel(asker: changer, channel_id: str) -> ChannelFile:
        await switchboard.switch(asker.app_id, channel_id, True)
        return await as_it_is(asker.app_id, channel_id)

    @router.post("/{channel_id}/disable", summary="Switch a channel off")
    async def disable_channel(asker: changer, channel_id: str) -> ChannelFile:
        """Its hook answers 404, nobody listens, and what is said there becomes a dead letter."""
        await switchboard.switch(asker.app_id, channel_id, False)
        return await as_it_is(asker.app_id, channel_id)

    @router.delete("/{channel_id}", summary="Remove a channel", status_code=204)
    async def remove_channel(asker: changer, channel_id: str) -> Response:
        """With its settings, for good. Conversations it brought stay."""
        await switchboard.remove(asker.app_id, channel_id)
        await office.refresh()
        return Response(status_code=204)

    return router


@asynccontextmanager
async def opened(office: Office, app_id: str, channel_id: str) -> AsyncIterator[tuple[Account, list[str]]]:
    """The account behind a channel, running or not, and the texts that must not be told. Raises NotFound, Malformed."""
    connections = office.roster.connections
    switchboard = connections.switchboard
    configured = office.app(app_id).channels.get(channel_id)
    if configured is not None and switchboard.configured(channel_id):
        yield account(office, app_id, configured), secrets(configured.settings.model_dump(), shown(configured.settings))
        return
    entry = await switchboard.entry(app_id, channel_id)
    with told():
        private = secrets(switchboard.settings_of(entry), entry.shown)
        async with connections.opened(entry) as channel:
            yield account(office, app_id, channel), private


def account(office: Office, app_id: str, channel: Channel) -> Account:
    return Account(app_id=app_id, channel=channel, clock=office.clock, public_url=office.public_url)


def connecting(office: Office, change: Who) -> APIRouter:
    router = V1.router("/channels", "Channels")
    changer = Annotated[Any, Depends(change)]

    @router.post("/{channel_id}/setup", summary="Connect a channel's account")
    async def set_up_channel(asker: changer, channel_id: str) -> SetupView:
        """Registers the hook with the platform where that is possible; `steps` that are not done are yours."""
        async with opened(office, asker.app_id, channel_id) as (account, private):
            try:
                steps = await accounts.setup(account)
            except SendFailed as error:
                raise SendFailed(scrubbed(str(error), private), retryable=error.retryable) from None
        found = [{"title": one.title, "text": scrubbed(one.text, private), "done": one.done} for one in steps]
        return SetupView.model_validate({"hook": account.hook, "steps": found})

    @router.post("/{channel_id}/check", summary="Look what is wrong with a channel's account")
    async def check_channel(asker: changer, channel_id: str) -> CheckedView:
        """Credentials, address and subscription, in words."""
        async with opened(office, asker.app_id, channel_id) as (account, private):
            seen = [one async for one in accounts.findings(account)]
        found = [
            {"ok": one.ok, "what": scrubbed(one.what, private), "mend": "" if one.ok else scrubbed(one.mend, private)}
            for one in seen
        ]
        return CheckedView.model_validate({"ok": all(one.ok for one in seen), "findings": found})

    @router.post("/{channel_id}/send-test", summary="Send a test message")
    async def send_test(asker: changer, channel_id: str, body: SampleBody) -> TakenView:
        """Past the outbox: the answer says whether the platform took it, and why not."""
        async with opened(office, asker.app_id, channel_id) as (account, private):
            try:
                ids = await accounts.send_test(account, body.address, body.text)
            except SendFailed as error:
                return TakenView(taken=False, error=scrubbed(str(error), private), reason=error.reason)
        return TakenView(taken=True, ids=list(ids))

    return router
