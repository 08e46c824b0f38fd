"""Connecting a bot: its webhook, and what stands in the way."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.telegram.api import BotApi
from connectors.telegram.settings import Settings
from orchestrator.errors import SendFailed
from orchestrator.types import Checked, SetupStep

UPDATES = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "my_chat_member",
    "message_reaction",
    "pre_checkout_query",
)
PORTS = frozenset({443, 80, 88, 8443})
BACKLOG = 100


async def setup(api: BotApi, settings: Settings, url: str) -> Sequence[SetupStep]:
    """Raises SendFailed."""
    me = await api.call("getMe", {})
    name = me.get("username", "")
    if settings.mode == "polling":
        await api.call("deleteWebhook", {"drop_pending_updates": False})
        hook = SetupStep(title="Webhook removed", text="Parley asks Telegram for updates itself.", done=True)
    else:
        fields = {"url": url, "secret_token": settings.secret_token, "allowed_updates": UPDATES, "max_connections": 40}
        await api.call("setWebhook", fields)
        hook = SetupStep(title="Webhook set", text=f"@{name} calls {url}", done=True)
    talk = SetupStep(title="Write to your bot", text=f"Open https://t.me/{name} and press Start.")
    return (hook, talk, *privacy(settings, me))


def privacy(settings: Settings, me: Any) -> Iterator[SetupStep]:
    if settings.groups == "all" and not me.get("can_read_all_group_messages"):
        yield SetupStep(
            title="Let the bot read groups",
            text="Telegram shows it only what is said to it: send /setprivacy to @BotFather, choose the bot, Disable; "
            "then remove it from its groups and add it again.",
        )


async def check(api: BotApi, settings: Settings, url: str) -> Sequence[Checked]:
    try:
        me = await api.call("getMe", {})
    except SendFailed as error:
        mend = "copy the token from @BotFather once more" if error.reason == "token_expired" else "try again later"
        return (Checked(ok=False, what=f"the token: {error}", mend=mend),)
    token = Checked(ok=True, what=f"the token is that of @{me.get('username', '')}")
    try:
        found = await api.call("getWebhookInfo", {})
    except SendFailed as error:
        return (token, Checked(ok=False, what=f"the webhook: {error}", mend="try again later"))
    return (token, *hooked(settings, found, url), *reading(settings, me))


def reading(settings: Settings, me: Any) -> Iterator[Checked]:
    for step in privacy(settings, me):
        yield Checked(ok=False, what="groups: the bot is shown only what is said to it", mend=step.text)


def hooked(settings: Settings, found: Any, url: str) -> Iterator[Checked]:
    """`found` is a WebhookInfo."""
    again = "run 'parley channels setup' for this channel"
    set_to = str(found.get("url") or "")
    if settings.mode == "polling":
        yield Checked(
            ok=not set_to, what="a webhook is set" if set_to else "no webhook is set", mend=again * bool(set_to)
        )
        return
    if set_to != url:
        known = f"Telegram calls {host(set_to)}, not {url}" if set_to else "Telegram calls nobody"
        yield Checked(ok=False, what=f"the webhook: {known}", mend=again)
        return
    yield Checked(ok=True, what=f"Telegram calls {url}")
    yield from called(found, url)
    missing = set(UPDATES) - set(found.get("allowed_updates") or UPDATES)
    if missing:
        yield Checked(ok=False, what=f"Telegram does not tell of: {', '.join(sorted(missing))}", mend=again)


def called(found: Any, url: str) -> Iterator[Checked]:
    parts = urlsplit(url)
    if parts.scheme != "https" or (parts.port or 443) not in PORTS:
        mend = "put a proxy with a certificate before Parley and set server.public_url, or use mode = 'polling'"
        yield Checked(ok=False, what="Telegram calls https only, on port 443, 80, 88 or 8443", mend=mend)
    waiting = int(found.get("pending_update_count") or 0)
    if said := str(found.get("last_error_message") or ""):
        at = datetime.fromtimestamp(int(found.get("last_error_date") or 0), UTC)
        what = f"Telegram's last call that failed, {at:%Y-%m-%d %H:%M} UTC: {said[:200]}; {waiting} updates wait"
        yield Checked(ok=not waiting, what=what, mend="see that the address answers from the internet" * bool(waiting))
    elif waiting > BACKLOG:
        yield Checked(ok=False, what=f"{waiting} updates wait at Telegram", mend="see whether Parley keeps up")


def host(url: str) -> str:
    """Somebody else's address may hold a secret: its host is enough."""
    return urlsplit(url).hostname or "another address"
