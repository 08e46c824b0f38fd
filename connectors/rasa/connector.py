"""One configured Rasa channel: answered at once (REST), or by callback."""

import hmac
from collections.abc import Sequence
from typing import Literal

import orjson

from connectors.rasa import wire
from connectors.rasa.settings import LIMITS, Settings
from orchestrator import sending
from orchestrator.errors import Malformed, SendFailed, Unauthenticated
from orchestrator.ports import Clock, Http
from orchestrator.types import Delivery, Inbound, Outgoing, RawRequest, RawResponse, Rendering

JSON = "application/json"
HEALTH = RawResponse(body=b'{"status":"ok"}', media_type=JSON)


class Channel:
    """What both have in common."""

    kind = "rasa"
    limits = LIMITS

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock

    async def verify(self, request: RawRequest) -> None:
        wanted = self.settings.token.get_secret_value()
        given = request.query.get("token", "")
        if wanted and not hmac.compare_digest(given.encode(), wanted.encode()):
            raise Unauthenticated("?token= is missing or wrong")

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        """Rasa's clients ask `GET …/` whether it is there, and POST to `…/webhook`."""
        if request.method in ("GET", "HEAD"):
            return []
        if request.method != "POST":
            raise Malformed(f"messages are POSTed here; this was a {request.method}")
        return wire.read(request.body, self.clock.now(), self.clock.new_id())

    async def typing(self, address: str, on: bool) -> None:
        """Rasa's format has none."""

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to give back."""


class RestChannel(Channel):
    delivery: Literal["push", "pull"] = "pull"

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        super().__init__(settings, clock=clock)
        self.patience = settings.timeout

    def answer(self, request: RawRequest) -> RawResponse:
        """To what is no message: an empty list, as Rasa answers an empty message."""
        return HEALTH if request.method != "POST" else self.told(request, "", ())

    def told(self, request: RawRequest, address: str, renderings: Sequence[Rendering]) -> RawResponse:
        """A list; with ?stream=true a message a line, as Rasa streams them."""
        told = wire.messages(address, renderings)
        if request.query.get("stream", "").casefold() in ("true", "1", "yes"):
            body = b"".join(orjson.dumps(one) + b"\n" for one in told)
            return RawResponse(body=body, media_type="text/event-stream")
        return RawResponse(body=orjson.dumps(told), media_type=JSON)

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """Nothing is delivered: clients take the answer from their request."""
        raise SendFailed("a REST channel has nowhere to send to; set 'callback'", retryable=False)


class CallbackChannel(Channel):
    delivery: Literal["push", "pull"] = "push"
    idempotent = True

    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        super().__init__(settings, clock=clock)
        self.http = http

    def answer(self, request: RawRequest) -> RawResponse:
        return HEALTH if request.method != "POST" else RawResponse(body=b"success")

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """One POST for each message, as Rasa's callback channel does. `x-message-id` stays the same on every try."""
        key = f"{outgoing.id}.{outgoing.done}"
        for number, message in enumerate(wire.messages(outgoing.address, [rendering])):
            response = await self.http.request(
                "POST",
                self.settings.callback,
                headers={"content-type": JSON, "x-message-id": f"{key}.{number}"},
                body=orjson.dumps(message),
                timeout=self.settings.timeout,
                trusted=self.settings.allow_private,
                redirects=False,
            )
            if failed := sending.failure("the callback", response.status, response.headers, self.clock.now()):
                raise failed
        return Delivery(external_id=key)
