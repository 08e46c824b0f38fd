"""One phone number on WhatsApp's Cloud API."""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from connectors.meta import connecting, form_data, hook
from connectors.meta.graph import Codes, Graph
from connectors.whatsapp import read, render
from connectors.whatsapp.settings import Settings
from orchestrator.errors import NotFound, SendFailed, TooLarge
from orchestrator.ports import Clock, Files, Http
from orchestrator.types import (
    Checked,
    Delivery,
    Fetched,
    Inbound,
    Media,
    Outgoing,
    RawRequest,
    RawResponse,
    Received,
    Rendering,
    SetupStep,
)

CODES = Codes(
    passing=frozenset({1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131053, 131056, 131057, 133004, 133016}),
    final=frozenset(
        {10, 100, 368, 131005, 131008, 131009, 131021, 131026, 131030, 131031, 131047, 131050, 131051, 131052, 133010}
        | set(range(132000, 132017))
    ),
    reasons=read.REASONS,
    pauses={131056: 6.0},
)
"""131056: one message in six seconds to the same person, in the long run."""
FIELDS = ("messages", "smb_message_echoes")
MEDIA_HOSTS = (".fbsbx.com", ".whatsapp.net", ".facebook.com")
"""Where Meta keeps customers' files. The token goes nowhere else."""
REMEMBERED = 10_000
UPLOADS = 60.0


class WhatsAppChannel:
    kind = "whatsapp"
    delivery: Literal["push", "pull"] = "push"
    max_bytes = hook.MAX_BYTES

    def __init__(self, settings: Settings, *, clock: Clock, http: Http, files: Files) -> None:
        self.settings = settings
        self.limits = settings.limits
        self.clock = clock
        self.http = http
        self.files = files
        self.graph = Graph(settings, settings.api, CODES, who="WhatsApp", clock=clock, http=http)
        self.last: OrderedDict[str, str] = OrderedDict()

    async def verify(self, request: RawRequest) -> None:
        hook.verify(request, self.settings)

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        found = read.events(request, self.settings, self.clock.now())
        for event in found:
            if isinstance(event, Received):
                self.heard(event.address, event.external_id)
        return found

    def heard(self, address: str, message_id: str) -> None:
        """The typing sign belongs to a message: the last one of each customer who wrote lately."""
        self.last[address] = message_id
        self.last.move_to_end(address)
        if len(self.last) > REMEMBERED:
            self.last.popitem(last=False)

    def answer(self, request: RawRequest) -> RawResponse:
        return hook.answer(request)

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """The tracker comes back in every status: by it a message is found whose id never reached us."""
        delivery = Delivery()
        for part in rendering.parts:
            file = await self.uploaded(part) if isinstance(part, Media) else None
            body = render.body(part, self.settings, file)
            message = render.message(outgoing.address, body, f"{outgoing.id}.{outgoing.done}")
            answer = await self.graph.once(f"{self.number()}/messages", message)
            delivery = Delivery(external_id=given_id(answer))
        return delivery

    def number(self) -> str:
        if not self.settings.phone_number_id:
            raise SendFailed("this channel has no phone_number_id to send from; set one", retryable=False)
        return self.settings.phone_number_id

    async def uploaded(self, part: Media) -> dict[str, Any] | None:
        """A file of ours goes up, so that it need not be on the public internet; None for a link."""
        path = urlsplit(part.url).path
        if not path.startswith("/media/"):
            return None
        try:
            data, mime, name = await self.files.get(path)
        except NotFound:
            return None
        fields = {"messaging_product": "whatsapp", "type": part.mime or mime}
        body, media_type = form_data.encoded(fields, "file", data, mime=part.mime or mime, name=part.name or name)
        answer = await self.graph.call("POST", f"{self.number()}/media", body, media_type)
        return {"id": answer["id"]} if answer.get("id") else None

    async def typing(self, address: str, on: bool) -> None:
        """Marks what they wrote as read, too. It lasts 25 s or until the answer; nothing depends on it."""
        message_id = self.last.get(address)
        if not (on and self.settings.typing and message_id and self.settings.phone_number_id):
            return
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
        with suppress(SendFailed):
            await self.graph.post(f"{self.number()}/messages", body | {"typing_indicator": {"type": "text"}})

    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        """A media id leads to a link that lives five minutes."""
        query = {"phone_number_id": self.settings.phone_number_id} if self.settings.phone_number_id else {}
        try:
            found = await self.graph.get(quote(reference, safe=""), **query)
        except SendFailed as error:
            if error.retryable or error.reason:
                raise
            raise NotFound(f"WhatsApp no longer has this file: {error}") from None
        size = found.get("file_size")
        if isinstance(size, int) and size > max_bytes:
            raise TooLarge(f"the file has {size} bytes; {max_bytes} are allowed")
        data = await self.downloaded(str(found.get("url") or ""), max_bytes)
        return Fetched(data=data, mime=str(found.get("mime_type") or "").partition(";")[0])

    async def downloaded(self, url: str, max_bytes: int) -> bytes:
        """The token goes to Meta's own hosts only, and a redirect to elsewhere loses it."""
        own = origin(url) == origin(self.settings.api)
        theirs = url.startswith("https://") and f".{urlsplit(url).hostname}".endswith(MEDIA_HOSTS)
        headers = {"authorization": f"Bearer {self.graph.token()}"} if own or theirs else {}
        response = await self.http.request(
            "GET", url, headers=headers, timeout=UPLOADS, max_bytes=max_bytes, trusted=own
        )
        if response.status in (403, 404, 410):
            raise NotFound("WhatsApp no longer has this file")
        if failed := self.graph.failure(response):
            raise failed
        return response.body

    async def setup(self, url: str) -> Sequence[SetupStep]:
        steps = [await connecting.register(self.graph, url, read.PRODUCT, FIELDS)]
        title = "Messages of the WhatsApp Business Account"
        if not self.settings.account_id:
            text = "Set account_id (WhatsApp Manager → Account) and run this again, or subscribe the app by hand."
            return [*steps, SetupStep(title=title, text=text)]
        await self.graph.post(f"{self.settings.account_id}/subscribed_apps", {})
        return [*steps, SetupStep(title=title, text="the app is subscribed to them", done=True)]

    async def check(self, url: str) -> Sequence[Checked]:
        mend = "set phone_number_id and an access_token with the permission whatsapp_business_messaging"
        return [
            connecting.public(url),
            await connecting.looked_at("phone number", self.described(), mend),
            await connecting.looked_at("account", self.subscribed(), "run 'parley channels setup' for this channel"),
            await connecting.subscription(self.graph, url, read.PRODUCT, FIELDS),
        ]

    async def described(self) -> str:
        fields = "display_phone_number,verified_name,quality_rating"
        found = await self.graph.get(self.number(), fields=fields)
        number, name, quality = (found.get(key, "?") for key in fields.split(","))
        return f"{number} ({name}), quality {quality}"

    async def subscribed(self) -> str:
        if not self.settings.account_id:
            return "not looked at, because account_id is not set"
        found = await self.graph.get(f"{self.settings.account_id}/subscribed_apps")
        if not any(hook.objects(found.get("data"))):
            raise SendFailed("no app is subscribed to its messages", retryable=False)
        return "an app is subscribed to its messages"

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to give back."""


def given_id(answer: Any) -> str:
    return next((str(item.get("id") or "") for item in hook.objects(answer.get("messages"))), "")


def origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
