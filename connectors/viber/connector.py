"""One Viber bot: what it hears, what it says."""

import hmac
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson

from connectors.viber import managed, render, wire
from connectors.viber.api import ViberApi
from connectors.viber.settings import Settings
from orchestrator import signing
from orchestrator.errors import Malformed, NotFound, SendFailed, TooLarge, Unanswered, Unauthenticated
from orchestrator.ports import Clock, Files, Http
from orchestrator.types import (
    Checked,
    Delivery,
    Inbound,
    Limits,
    Outgoing,
    RawRequest,
    RawResponse,
    Rendering,
    SetupStep,
)

LIMITS = Limits(
    text=7000,
    unit="utf16",
    markup="markdown",
    quick_replies=24,
    quick_reply_title=40,
    buttons=24,
    button_title=40,
    link_buttons=True,
    cards=6,
    card_title=60,
    card_subtitle=150,
    card_buttons=2,
    location=True,
    media=frozenset({"image", "gif", "video", "file"}),
    caption=500,
    payload=200,
)
REMEMBERED = 1024
SIZING = 5.0

TAKEN = RawResponse(body=b"{}", media_type="application/json")


class ViberChannel:
    kind = "viber"
    delivery: Literal["push", "pull"] = "push"
    limits = LIMITS

    def __init__(self, settings: Settings, *, clock: Clock, http: Http, files: Files) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.files = files
        self.api = ViberApi(settings, clock=clock, http=http)
        self.gone: OrderedDict[str, int] = OrderedDict()

    async def verify(self, request: RawRequest) -> None:
        given = request.headers.get("x-viber-content-signature") or request.query.get("sig", "")
        wanted = signing.sealed(self.settings.token.get_secret_value().encode(), request.body).hex()
        if not hmac.compare_digest(given.strip().lower().encode(), wanted.encode()):
            raise Unauthenticated("viber: wrong or missing X-Viber-Content-Signature; is the token still the bot's?")

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        if request.method != "POST":
            raise Malformed(f"callbacks are POSTed here; this was a {request.method}")
        return wire.events(wire.read(request.body), self.clock.now())

    def answer(self, request: RawRequest) -> RawResponse:
        """Who opens the chat and has not written yet is welcomed in the answer: there is no other way to reach them.

        What the chat was opened with comes back with their first message.
        """
        found = wire.read(request.body)
        if found.event != "conversation_started" or found.subscribed:
            return TAKEN
        words = self.settings.opening_in(found.user.language if found.user else "")
        if not words:
            return TAKEN
        kept = {"tracking_data": orjson.dumps({"start": found.context[:3000]}).decode()} if found.context else {}
        body = {"sender": self.sender, **render.text(words), **kept}
        return RawResponse(body=orjson.dumps(body), media_type="application/json")

    @property
    def sender(self) -> dict[str, Any]:
        avatar = {"avatar": self.settings.avatar} if self.settings.avatar else {}
        return {"name": self.settings.name, **avatar}

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """What takes two messages (a film and its words) goes on where the last try stopped.

        Viber has no idempotency keys: what was not answered may have gone out, and is not sent again.
        """
        sizes = {url: await self.size(url) for url in render.sized(rendering.parts)}
        key = f"{outgoing.id}.{outgoing.done}"
        delivery, went = Delivery(), self.gone.pop(key, 0)
        for index, body in enumerate(render.bodies(rendering.parts, sizes)):
            if index >= went:
                delivery = await self.one(body, outgoing.address, key, index)
        return delivery

    async def one(self, body: dict[str, Any], receiver: str, key: str, index: int) -> Delivery:
        whole = {"receiver": receiver, "sender": self.sender, "min_api_version": 1, **body}
        try:
            answer = await self.api.call("send_message", whole)
        except Unanswered as error:
            raise SendFailed(f"viber did not answer: {error}", retryable=False, reason="unknown") from None
        except SendFailed as error:
            if index and error.retryable:
                self.keep(key, index)
            raise
        return Delivery(external_id=answer.message_token)

    def keep(self, key: str, count: int) -> None:
        self.gone[key] = count
        if len(self.gone) > REMEMBERED:
            self.gone.popitem(last=False)

    async def size(self, url: str) -> int:
        """Bytes of a file, 0 when nobody tells: of our own, or as its server says."""
        path = urlsplit(url).path
        if path.startswith("/media/"):
            try:
                return len((await self.files.get(path))[0])
            except NotFound:
                pass
        try:
            response = await self.http.request("HEAD", url, timeout=SIZING)
        except (SendFailed, TooLarge):
            return 0
        told = response.headers.get("Content-Length") or response.headers.get("content-length") or ""
        return int(told) if response.status == 200 and told.isdecimal() and len(told) < 16 else 0

    async def typing(self, address: str, on: bool) -> None:
        """Viber does not show it."""

    async def setup(self, url: str) -> Sequence[SetupStep]:
        return await managed.setup(self.api, self.settings, url)

    async def check(self, url: str) -> Sequence[Checked]:
        return await managed.check(self.api, url)

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to give back."""
