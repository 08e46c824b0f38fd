"""One business account on Apple's gateway."""

import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

from connectors.apple import events, render, wire
from connectors.apple.gateway import AppleGateway, Gateway
from connectors.apple.settings import LIMITS, Settings
from connectors.apple.wire import Envelope
from orchestrator.attaching import as_link, attached
from orchestrator.errors import Malformed, NotFound, SendFailed, TooLarge, Unavailable
from orchestrator.ports import Clock, Files, Http
from orchestrator.types import (
    Checked,
    Delivery,
    Fetched,
    Inbound,
    Media,
    Outgoing,
    Part,
    RawRequest,
    RawResponse,
    Rendering,
    SetupStep,
)

MOST = 10_000
OPEN = 60.0
"""Seconds after a message for which nobody has to be allowed to hear from us again."""

LARGEST = 100_000_000
NAMES = uuid.UUID("5b1d1a1e-6d8e-4b62-9c3f-0f4a6b6f7a11")
"""Namespace of our messages' ids: the same for the same rendering, however often it is tried."""


class AppleChannel:
    kind = "apple"
    delivery: Literal["push", "pull"] = "push"
    limits = LIMITS
    max_bytes = 524_288
    """Packed. Text has no limit that Apple writes down."""

    def __init__(self, settings: Settings, *, clock: Clock, http: Http, files: Files) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.files = files
        self.gateway: Gateway = AppleGateway(settings, clock=clock, http=http)
        self.heard: OrderedDict[str, float] = OrderedDict()
        """By address: until when (monotonic) they count as talking to us."""
        self.able: OrderedDict[str, frozenset[str]] = OrderedDict()
        self.large: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        """Interactive messages that came by reference, by the message's id."""

    async def verify(self, request: RawRequest) -> None:
        """Also fetches a message that came by reference: its address lives for seconds.

        Raises Unauthenticated, Malformed, TooLarge; Unavailable when that can't be had just now.
        """
        await self.gateway.verify(request)
        envelope = wire.read(request)
        reference = envelope.interactive_data_ref
        if reference is None or not self.for_us(envelope) or envelope.id in self.large:
            return
        try:
            found = await self.gateway.decode(reference.parcel, reference.bid)
        except SendFailed as error:
            if error.retryable:
                raise Unavailable(f"a large message could not be fetched: {error}") from None
        except (NotFound, TooLarge, Malformed):
            # Its title is all there is to know of it; asking again would find no more.
            pass
        else:
            remember(self.large, envelope.id, found)

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        envelope = self.whole(wire.read(request))
        if not self.for_us(envelope):
            return ()
        if envelope.capability_list:
            can = frozenset(each.strip().upper() for each in envelope.capability_list.split(","))
            remember(self.able, envelope.source_id, can)
        return events.read(envelope, self.clock.now(), returning=self.returning(envelope))

    def whole(self, envelope: Envelope) -> Envelope:
        """With what was fetched, whether it came with its wrapping or without."""
        found = self.large.get(envelope.id)
        if found is None:
            return envelope
        data = found.get("interactiveData", found)
        data = data if isinstance(data, dict) and "data" in data else {"data": data}
        return envelope.model_copy(update={"interactive_data": data})

    def for_us(self, envelope: Envelope) -> bool:
        """An MSP serves many businesses."""
        return envelope.destination_id in ("", self.settings.business_id)

    def returning(self, envelope: Envelope) -> bool:
        now = self.clock.monotonic()
        if envelope.type == "close":
            self.heard.pop(envelope.source_id, None)
            return False
        if envelope.type in ("typing_start", "typing_end") or self.heard.get(envelope.source_id, 0.0) > now:
            return False
        remember(self.heard, envelope.source_id, now + OPEN)
        return True

    def answer(self, request: RawRequest) -> RawResponse:
        return RawResponse()

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """Raises SendFailed. Apple gives no id: ours is that of the message."""
        external_id = ""
        for index, part in enumerate(rendering.parts):
            external_id = str(uuid.uuid5(NAMES, f"{outgoing.id}.{outgoing.done}.{index}"))
            content = await self.content(part, external_id, outgoing.address)
            body = {**self.envelope(external_id, outgoing.address), **content}
            await self.gateway.post(body, automated=rendering.role != "agent")
        return Delivery(external_id=external_id)

    def envelope(self, message: str, address: str) -> dict[str, Any]:
        return {"v": 1, "id": message, "sourceId": self.settings.business_id, "destinationId": address}

    async def content(self, part: Part, message: str, address: str) -> Mapping[str, Any]:
        if not isinstance(part, Media):
            return render.fields(part, message, self.settings, self.able.get(address, frozenset()))
        found = await attached(part, self.files, self.http, most=LARGEST)
        if found is None:
            return render.words(as_link(part))
        attachment = await self.gateway.store(found.data, name=found.name, mime=found.mime)
        return {"type": "text", "body": render.bmp(part.alt) + events.PLACE, "attachments": [attachment]}

    async def typing(self, address: str, on: bool) -> None:
        """A hint, lost without harm."""
        body = self.envelope(str(uuid.uuid4()), address) | {"type": "typing_start" if on else "typing_end"}
        with suppress(SendFailed):
            await self.gateway.post(body, automated=True)

    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        found = wire.parcel(reference)
        if found.size > max_bytes:
            raise TooLarge(f"the file has {found.size} bytes; {max_bytes} are taken")
        return Fetched(data=await self.gateway.fetch(found, max_bytes), mime=found.mime, name=found.name)

    async def setup(self, url: str) -> Sequence[SetupStep]:
        where = "At https://register.apple.com/business, your Messaging Service Provider account"
        return [
            SetupStep(title="Set the MSP's endpoint", text=f"{where}, 'Endpoint URL' = {url} (Apple adds /message)"),
            SetupStep(title="Copy id and secret", text=f"{where}: 'MSP ID' is `msp_id`, 'API secret' is `secret`."),
            SetupStep(title="Connect the business", text="Its 'Account ID' (a GUID, after urn:biz:) is `business_id`."),
        ]

    async def check(self, url: str) -> Sequence[Checked]:
        """A place for a file is asked for and not used: the one call that needs no customer."""
        found = []
        try:
            await self.gateway.store(b"parley", name="check.txt", mime="text/plain")
        except SendFailed as error:
            mend = "copy msp_id, secret and business_id from Apple Business Register"
            found.append(Checked(ok=False, what=str(error), mend=mend))
        else:
            found.append(Checked(ok=True, what="Apple takes files from this MSP for this business"))
        if not url.startswith("https://"):
            mend = "set server.public_url to an https address: Apple calls no other"
            found.append(Checked(ok=False, what=f"Apple can't call {url!r}", mend=mend))
        return found

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to give back."""


def remember(kept: OrderedDict[str, Any], key: str, value: Any) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MOST:
        kept.popitem(last=False)
