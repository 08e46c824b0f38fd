"""One configured webhook: what it takes in, what it POSTs out."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from connectors.webhook import wire
from connectors.webhook.settings import Settings
from orchestrator import sending, signing
from orchestrator.errors import Malformed, SendFailed, TooLarge
from orchestrator.ports import Clock, Http
from orchestrator.types import Delivery, Inbound, Outgoing, RawRequest, RawResponse, Rendering

TAKEN = RawResponse(body=b'{"ok":true}', media_type="application/json")


class WebhookChannel:
    kind = "webhook"
    delivery: Literal["push", "pull"] = "push"
    idempotent = True

    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.keys = settings.keys()
        self.clock = clock
        self.http = http
        self.limits = replace(settings.limits, typing=settings.typing)
        self.receiver = f"webhook {urlsplit(settings.url).hostname!r}"

    async def verify(self, request: RawRequest) -> None:
        if self.settings.signature == "none":
            return
        signing.verify(self.keys, request.headers, request.body, self.clock.now(), self.settings.tolerance)

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        if request.method != "POST":
            raise Malformed(f"events are POSTed here; this was a {request.method}")
        return wire.read(request.body, request.headers.get("webhook-id", "")[:200], self.clock.now())

    def answer(self, request: RawRequest) -> RawResponse:
        return TAKEN

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """POST one rendering. The key stays the same when it is tried again, so a receiver can drop the second."""
        if not self.settings.url:
            raise SendFailed("this webhook channel has no 'url' to send to; set one", retryable=False)
        key = f"{outgoing.id}.{outgoing.done}"
        answer = await self.post(key, wire.message(outgoing, rendering, key))
        return Delivery(external_id=answer or key)

    async def post(self, key: str, body: bytes) -> str:
        """The id the receiver gave, or "". Raises SendFailed."""
        now = self.clock.now()
        headers = {"content-type": "application/json", **signing.sign(self.keys, key, now, body)}
        try:
            response = await self.http.request(
                "POST",
                self.settings.url,
                headers=headers,
                body=body,
                timeout=self.settings.timeout,
                trusted=self.settings.allow_private,
                redirects=False,
            )
        except TooLarge as error:
            # Taken or not, we can't tell; a receiver knows the second try by its webhook-id.
            raise SendFailed(f"{self.receiver} answered far too much: {error}", retryable=True) from None
        if failed := sending.failure(self.receiver, response.status, response.headers, now):
            raise failed
        return wire.given_id(response.body)

    async def typing(self, address: str, on: bool) -> None:
        """A hint: when it does not arrive, nothing is lost."""
        if self.settings.typing and self.settings.url:
            with suppress(SendFailed):
                await self.post(self.clock.new_id(), wire.typing(address, on))

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to give back."""
