"""Connecting a Meta app to a hook: what its API lets us do, in words what it does not."""

from collections.abc import Awaitable, Sequence
from typing import Any
from urllib.parse import urlsplit

from connectors.meta.graph import Graph
from connectors.meta.hook import objects
from orchestrator.errors import SendFailed
from orchestrator.types import Checked, SetupStep

DASHBOARD = "https://developers.facebook.com/apps"


async def register(graph: Graph, url: str, product: str, fields: Sequence[str]) -> SetupStep:
    """Tell the app where to deliver (developers.facebook.com/docs/graph-api/reference/app/subscriptions).

    Meta asks the hook for its handshake before it answers, so Parley must be running at `url`. Raises SendFailed.
    """
    settings = graph.settings
    title = f"Webhook of the app for {product!r}"
    if not (settings.app_id and settings.verify_token.get_secret_value()):
        lacking = "app_id" if settings.verify_token.get_secret_value() else "verify_token"
        return SetupStep(
            title=title, text=by_hand(url, product, fields) + f" (With {lacking!r} set, Parley does this.)"
        )
    body = {
        "object": product,
        "callback_url": url,
        "verify_token": settings.verify_token.get_secret_value(),
        "fields": ",".join(fields),
        "include_values": True,
    }
    await graph.post(f"{settings.app_id}/subscriptions", body, token=graph.app_token())
    return SetupStep(title=title, text=f"{url} gets {', '.join(fields)}", done=True)


def by_hand(url: str, product: str, fields: Sequence[str]) -> str:
    return (
        f"At {DASHBOARD}, in your app, open Webhooks, choose {product!r}, and paste the callback URL {url} and the "
        f"verify_token of this channel. Then subscribe to: {', '.join(fields)}."
    )


async def looked_at(what: str, call: Awaitable[str], mend: str) -> Checked:
    """`call` gives what was found, and raises SendFailed for what is wrong."""
    try:
        return Checked(ok=True, what=f"{what}: {await call}")
    except SendFailed as error:
        out = "make a new access token, and set it in this channel" if error.reason == "token_expired" else mend
        return Checked(ok=False, what=f"{what}: {error}", mend=out)


def public(url: str) -> Checked:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        return Checked(ok=True, what=f"address: {url}")
    mend = "set server.public_url to an https address that Meta reaches, or open a tunnel for trying"
    return Checked(ok=False, what=f"address: Meta delivers to public https addresses only, not to {url}", mend=mend)


async def subscription(graph: Graph, url: str, product: str, fields: Sequence[str]) -> Checked:
    """Whether the app delivers to us, and all of what we read."""
    what = "webhook of the app"
    if not graph.settings.app_id:
        return Checked(ok=True, what=f"{what}: not looked at, because app_id is not set")

    async def call() -> str:
        found = await graph.get(f"{graph.settings.app_id}/subscriptions", token=graph.app_token())
        return delivering(
            next((item for item in objects(found.get("data")) if item.get("object") == product), {}), url, fields
        )

    return await looked_at(what, call(), "run 'parley channels setup' for this channel")


def delivering(found: Any, url: str, fields: Sequence[str]) -> str:
    """Raises SendFailed with what is wrong."""
    if not found:
        raise SendFailed("the app delivers nowhere", retryable=False)
    if found.get("callback_url") != url:
        raise SendFailed(f"the app delivers to {found.get('callback_url')}, not to {url}", retryable=False)
    names = {item.get("name") for item in objects(found.get("fields"))}
    if missing := [name for name in fields if name not in names]:
        raise SendFailed(f"the app is not subscribed to {', '.join(missing)}", retryable=False)
    return "delivers here"
