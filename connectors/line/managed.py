"""Connecting an account: its webhook, and what stands in the way."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from connectors.line.api import LineApi
from connectors.line.settings import Settings
from orchestrator.errors import SendFailed
from orchestrator.types import Checked, SetupStep

ENDPOINT = "/v2/bot/channel/webhook/endpoint"
CONSOLE = "in the LINE Developers console, under Messaging API"


async def setup(api: LineApi, url: str) -> Sequence[SetupStep]:
    """Raises SendFailed."""
    await api.call("PUT", ENDPOINT, {"endpoint": url})
    steps = [SetupStep(title="Webhook set", text=f"LINE calls {url}", done=True)]
    found = await api.call("GET", ENDPOINT)
    if not found.get("active"):
        steps.append(SetupStep(title="Switch the webhook on", text=f"{CONSOLE}: 'Use webhook'."))
    steps.append(
        SetupStep(
            title="Switch LINE's own answers off",
            text="In the LINE Official Account Manager, Response settings: no greeting, no auto-response messages.",
        )
    )
    info = await api.call("GET", "/v2/bot/info")
    basic = str(info.get("basicId") or "")
    link = f"https://line.me/R/ti/p/{basic}" if basic else "the account's QR code"
    return [*steps, SetupStep(title="Write to your bot", text=f"Open {link} and add it as a friend.")]


async def check(api: LineApi, settings: Settings, url: str) -> Sequence[Checked]:
    try:
        info = await api.call("GET", "/v2/bot/info")
    except SendFailed as error:
        mend = f"issue a channel access token {CONSOLE}" if error.reason == "token_expired" else "try again later"
        return (Checked(ok=False, what=f"the access token: {error}", mend=mend),)
    found = [Checked(ok=True, what=f"the access token is that of {info.get('displayName') or 'an account'!r}")]
    theirs = str(info.get("userId") or "")
    if settings.destination and theirs and settings.destination != theirs:
        mend = f"set it to {theirs!r}, or leave it out"
        found.append(Checked(ok=False, what="'destination' is another account: every webhook is dropped", mend=mend))
    try:
        found += [one async for one in hooked(api, url)]
        found += [one async for one in quota(api)]
    except SendFailed as error:
        found.append(Checked(ok=False, what=f"LINE does not answer: {error}", mend="try again later"))
    return found


async def hooked(api: LineApi, url: str) -> AsyncIterator[Checked]:
    """Raises SendFailed."""
    again = "run 'parley channels setup' for this channel"
    try:
        hook: Any = await api.call("GET", ENDPOINT)
    except SendFailed as error:
        if error.retryable or error.reason:
            raise
        hook = {}
    set_to = str(hook.get("endpoint") or "")
    if set_to != url:
        known = f"LINE calls {urlsplit(set_to).hostname}, not {url}" if set_to else "LINE calls nobody"
        yield Checked(ok=False, what=f"the webhook: {known}", mend=again)
        return
    yield Checked(ok=True, what=f"LINE calls {url}")
    if not hook.get("active"):
        yield Checked(ok=False, what="the webhook is switched off", mend=f"switch 'Use webhook' on, {CONSOLE}")
        return
    tried = await api.call("POST", "/v2/bot/channel/webhook/test", {"endpoint": url})
    if not tried.get("success"):
        why = f"{tried.get('reason') or 'no answer'} {tried.get('detail') or ''}".strip()[:200]
        mend = "see that the address answers from the internet, by https; a 401 means another channel secret"
        yield Checked(ok=False, what=f"LINE tried the webhook and failed: {why}", mend=mend)


async def quota(api: LineApi) -> AsyncIterator[Checked]:
    """Raises SendFailed."""
    most = await api.call("GET", "/v2/bot/message/quota")
    if most.get("type") != "limited":
        return
    used = await api.call("GET", "/v2/bot/message/quota/consumption")
    spent, limit = int(used.get("totalUsage") or 0), int(most.get("value") or 0)
    yield Checked(
        ok=spent < limit,
        what=f"{spent} of this month's {limit} pushes are used (replies are free)",
        mend="" if spent < limit else "wait for the next month, or take a larger plan",
    )
