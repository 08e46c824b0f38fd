"""Connecting a bot: its webhook, and what stands in the way."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from connectors.viber.api import ViberApi
from connectors.viber.settings import Settings
from orchestrator.errors import SendFailed
from orchestrator.types import Checked, SetupStep

EVENTS = ("delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started")


async def setup(api: ViberApi, settings: Settings, url: str) -> Sequence[SetupStep]:
    """Viber calls the address before it answers, so Parley must be running there. Raises SendFailed."""
    fields = {"url": url, "event_types": EVENTS, "send_name": True, "send_photo": True}
    await api.call("set_webhook", fields)
    info = (await api.call("get_account_info", {})).model_extra or {}
    uri = str(info.get("uri") or "")
    steps = [SetupStep(title="Webhook set", text=f"{info.get('name') or settings.name} calls {url}", done=True)]
    link = f"viber://pa?chatURI={uri}" if uri else "its link, on its page at partners.viber.com"
    steps.append(SetupStep(title="Write to your bot", text=f"On a telephone with Viber, open {link}."))
    return steps


async def check(api: ViberApi, url: str) -> Sequence[Checked]:
    try:
        info = (await api.call("get_account_info", {})).model_extra or {}
    except SendFailed as error:
        mend = "copy the token from partners.viber.com once more"
        return (Checked(ok=False, what=f"the token: {error}", mend=mend if error.reason else "try again later"),)
    return (Checked(ok=True, what=f"the token is that of {str(info.get('name') or 'a bot')!r}"), *hooked(info, url))


def hooked(info: dict[str, Any], url: str) -> Iterator[Checked]:
    again = "run 'parley channels setup' for this channel"
    set_to = str(info.get("webhook") or "")
    if set_to != url:
        known = f"Viber calls {urlsplit(set_to).hostname}, not {url}" if set_to else "Viber calls nobody"
        yield Checked(ok=False, what=f"the webhook: {known}", mend=again)
        return
    yield Checked(ok=True, what=f"Viber calls {url}")
    missing = set(EVENTS) - set(info.get("event_types") or EVENTS)
    if missing:
        yield Checked(ok=False, what=f"Viber does not tell of: {', '.join(sorted(missing))}", mend=again)
    if urlsplit(url).scheme != "https":
        yield Checked(ok=False, what="Viber calls https only", mend="put a proxy with a certificate before Parley")
