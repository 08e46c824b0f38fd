"""The inbox of one Facebook page or one Instagram account."""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from connectors.meta import connecting, form_data, hook, inbox_read, inbox_render
from connectors.meta.acquaintance import Acquaintance
from connectors.meta.graph import Codes, Graph
from connectors.meta.inbox_settings import Flavour, InboxSettings
from orchestrator import sending
from orchestrator.errors import Malformed, NotFound, SendFailed
from orchestrator.ports import Clock, Files, Http
from orchestrator.types import (
    Checked,
    Delivery,
    Echoed,
    Fetched,
    Inbound,
    Media,
    Outgoing,
    Part,
    RawRequest,
    RawResponse,
    Received,
    Rendering,
    SetupStep,
    Started,
    StatusChanged,
    Text,
)

CODES = Codes(
    passing=frozenset({1, 2, 4, 17, 32, 341, 613, 1200, 80002, 80006}),
    final=frozenset({10, 100, 368, 551, 1545041, 2018001, 2018065, 2018108}),
    reasons={2018278: "window_closed", 2534022: "window_closed"},
    pauses={},
)
HUMAN_AGENT = "HUMAN_AGENT"
Heard = Received | Started
REMEMBERED = 10_000
DOWNLOADS = 60.0


class InboxChannel:
    """Where an echo carries no mark of ours, it is told from a person's message by the ids of what was `sent`, and by
    what is `flying`: by customer, the tracker and the words of what is being sent."""

    delivery: Literal["push", "pull"] = "push"
    max_bytes = hook.MAX_BYTES

    def __init__(
        self, flavour: Flavour, settings: InboxSettings, api: str, *, clock: Clock, http: Http, files: Files
    ) -> None:
        self.flavour = flavour
        self.kind = flavour.kind
        self.settings = settings
        self.limits = flavour.limits
        self.api = api
        self.clock = clock
        self.http = http
        self.files = files
        self.graph = Graph(settings, api, CODES, who=flavour.who, clock=clock, http=http)
        self.flying: dict[str, tuple[str, str]] = {}
        self.sent: OrderedDict[str, None] = OrderedDict()
        self.people = Acquaintance(self.graph, flavour.person)

    async def verify(self, request: RawRequest) -> None:
        """And make the acquaintance of who writes for the first time: `parse` can't wait for it."""
        hook.verify(request, self.settings)
        if self.settings.names and self.settings.access_token.get_secret_value():
            with suppress(Malformed):
                await self.people.meet(event.address for event in self.events(request) if isinstance(event, Heard))

    def events(self, request: RawRequest) -> Sequence[Inbound]:
        return inbox_read.events(request, self.flavour, self.settings, self.clock.now())

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        return [named for event in self.events(request) if (named := self.recognised(event))]

    def recognised(self, event: Inbound) -> Inbound | None:
        """The echo of what is being sent tells its id, should the answer never come; that of what was sent, nothing."""
        if isinstance(event, Heard):
            return replace(event, profile=self.people.of(event.address))
        if not isinstance(event, Echoed):
            return event
        if event.external_id in self.sent:
            return None
        tracker, words = self.flying.get(event.address, ("", ""))
        if tracker and words == spoken(event.parts):
            return StatusChanged(external_id=event.external_id, state="sent", at=event.at, tracker=tracker)
        return event

    def answer(self, request: RawRequest) -> RawResponse:
        return hook.answer(request)

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        delivery = Delivery()
        for part in rendering.parts:
            delivery = await self.say(part, outgoing, rendering.role == "agent")
        return delivery

    async def say(self, part: Part, outgoing: Outgoing, by_person: bool) -> Delivery:
        """Within the window as an answer; after it as a person's, where a person speaks and the app may tell."""
        file = await self.uploaded(part) if isinstance(part, Media) else None
        message = inbox_render.message(part, file)
        tracker = f"{outgoing.id}.{outgoing.done}"
        if self.flavour.tracked:
            message["metadata"] = f"{inbox_read.TRACKED}{tracker}"
        self.flying[outgoing.address] = (tracker, str(message.get("text", "")))
        try:
            return await self.posted(inbox_render.call(outgoing.address, message))
        except SendFailed as error:
            if error.reason != "window_closed" or not (by_person and self.settings.human_agent):
                raise
            return await self.posted(inbox_render.call(outgoing.address, message, HUMAN_AGENT))
        finally:
            self.flying.pop(outgoing.address, None)

    async def posted(self, body: inbox_render.Json) -> Delivery:
        answer = await self.graph.once(f"{self.account}/messages", body)
        mid = str(answer.get("message_id") or "")
        if mid:
            self.sent[mid] = None
            if len(self.sent) > REMEMBERED:
                self.sent.popitem(last=False)
        return Delivery(external_id=mid)

    @property
    def account(self) -> str:
        return self.settings.account or "me"

    async def uploaded(self, part: Media) -> inbox_render.Json | None:
        """A file of ours goes up, so that it need not be on the public internet; None for a link."""
        path = urlsplit(part.url).path
        if not self.flavour.uploads or not path.startswith("/media/"):
            return None
        try:
            data, mime, name = await self.files.get(path)
        except NotFound:
            return None
        kind = inbox_render.KINDS[part.media]
        fields = {"message": f'{{"attachment":{{"type":"{kind}","payload":{{"is_reusable":false}}}}}}'}
        body, media_type = form_data.encoded(fields, "filedata", data, mime=part.mime or mime, name=part.name or name)
        answer = await self.graph.call("POST", f"{self.account}/message_attachments", body, media_type)
        return {"attachment_id": str(answer["attachment_id"])} if answer.get("attachment_id") else None

    async def typing(self, address: str, on: bool) -> None:
        """Also marks what they wrote as seen. It lasts 20 s or until the answer; nothing depends on it."""
        if not self.settings.typing:
            return
        with suppress(SendFailed):
            for action in ("mark_seen", "typing_on") if on else ("typing_off",):
                body = {"recipient": {"id": address}, "sender_action": action}
                await self.graph.post(f"{self.account}/messages", body)

    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        """The link itself, which dies after some days. It needs no token, so it gets none, wherever it leads."""
        own = urlsplit(reference)[:2] == urlsplit(self.api)[:2]
        response = await self.http.request("GET", reference, timeout=DOWNLOADS, max_bytes=max_bytes, trusted=own)
        if response.status in (403, 404, 410):
            raise NotFound(f"{self.flavour.who} no longer has this file")
        if failed := sending.failure(self.flavour.who, response.status, response.headers, self.clock.now()):
            raise failed
        mime = (response.headers.get("Content-Type") or response.headers.get("content-type") or "").partition(";")[0]
        return Fetched(data=response.body, mime=mime.strip(), name=urlsplit(reference).path.rpartition("/")[2][:100])

    async def setup(self, url: str) -> Sequence[SetupStep]:
        flavour = self.flavour
        if flavour.registers:
            first = await connecting.register(self.graph, url, flavour.product, flavour.fields)
        else:
            text = connecting.by_hand(url, flavour.product, flavour.fields)
            first = SetupStep(title="Webhook of the app", text=text)
        await self.graph.post(f"{self.account}/subscribed_apps", {"subscribed_fields": ",".join(flavour.fields)})
        second = SetupStep(title="Messages of the account", text="the app is subscribed to them", done=True)
        await self.graph.post(f"{self.account}/messenger_profile", self.profile())
        return [first, second, SetupStep(title="How a conversation opens", text="set", done=True)]

    def profile(self) -> inbox_render.Json:
        """The button that opens a conversation, and the questions beside it
        (developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api)."""
        asked = [{"question": question, "payload": payload} for question, payload in self.settings.ice_breakers.items()]
        breakers = {"ice_breakers": [{"call_to_actions": asked, "locale": "default"}]} if asked else {}
        if self.flavour.product == "instagram":
            return {"platform": "instagram", **breakers}
        started = {"get_started": {"payload": self.settings.get_started}} if self.settings.get_started else {}
        return started | breakers

    async def check(self, url: str) -> Sequence[Checked]:
        mend = "set the access_token of this very account, with the permission to read and send its messages"
        again = "run 'parley channels setup' for this channel"
        found = [
            connecting.public(url),
            await connecting.looked_at("access token", self.described(), mend),
            await connecting.looked_at("subscription", self.subscribed(), again),
        ]
        if self.flavour.registers:
            flavour = self.flavour
            found.append(await connecting.subscription(self.graph, url, flavour.product, flavour.fields))
        return found

    async def described(self) -> str:
        found = await self.graph.get("me", fields=self.flavour.identity)
        ids = {str(found.get(key)) for key in ("id", "user_id") if found.get(key)}
        name = found.get("name") or found.get("username") or "?"
        if self.settings.account and ids and self.settings.account not in ids:
            raise SendFailed(f"the token is that of {name!r}, which is another account", retryable=False)
        return f"of {name!r}"

    async def subscribed(self) -> str:
        found = await self.graph.get(f"{self.account}/subscribed_apps")
        names = {name for app in hook.objects(found.get("data")) for name in app.get("subscribed_fields") or ()}
        if missing := [name for name in self.flavour.fields if name not in names]:
            raise SendFailed(f"the app does not get {', '.join(missing)}", retryable=False)
        return "the app gets everything Parley reads"

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to give back."""


def spoken(parts: Sequence[Part]) -> str:
    return "\n".join(part.text for part in parts if isinstance(part, Text))
