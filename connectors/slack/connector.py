"""One Slack app in one workspace: what it hears on its hook or its socket, and what it posts."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import orjson

from connectors.slack import actions, events, forms, manage, signature, socket, wire
from connectors.slack.api import Api, Refused
from connectors.slack.outbox import Outbox
from connectors.slack.places import PATIENCE, Places
from connectors.slack.settings import LIMITS, Settings
from connectors.slack.wire import Payload
from orchestrator.errors import NotFound, SendFailed, Unauthenticated, Unavailable
from orchestrator.ports import Clock, Files, Hear, Http
from orchestrator.types import (
    Checked,
    Delivery,
    Fetched,
    Inbound,
    Outgoing,
    RawRequest,
    RawResponse,
    Rendering,
    SetupStep,
)

NO_OPTIONS = RawResponse(body=b'{"options":[]}', media_type="application/json")


class SlackChannel:
    kind = "slack"
    delivery: Literal["push", "pull"] = "push"
    limits = LIMITS
    max_bytes = 1_048_576
    """A message of 40 000 characters comes thrice: as text, as blocks, and escaped."""

    def __init__(self, settings: Settings, *, clock: Clock, http: Http, files: Files) -> None:
        self.settings = settings
        self.clock = clock
        self.files = files
        self.api = Api(settings, clock=clock, http=http)
        self.places = Places(settings, self.api, clock)
        self.outbox = Outbox(settings, self.api, self.places, files)

    async def verify(self, request: RawRequest) -> None:
        """Also does what can't wait for the engine: looks up what `parse` has to know, and opens a form that was asked
        for, which Slack allows for three seconds. Raises Unavailable when Slack does not answer: it delivers again."""
        secret = self.settings.signing_secret.get_secret_value()
        if not secret:
            raise Unauthenticated("this channel listens by Socket Mode; set signing_secret to take requests too")
        signature.verify(secret, request.headers, request.body, self.clock.now())
        await self.prepare(wire.read(request))

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        return self.heard(wire.read(request))

    def answer(self, request: RawRequest) -> RawResponse:
        """Nothing said closes a modal and takes a tap."""
        return self.reply(wire.read(request))

    def reply(self, payload: Payload) -> RawResponse:
        match payload.kind:
            case "challenge":
                return RawResponse(body=wire.words(payload.data.get("challenge")).encode())
            case "action" if payload.data.get("type") == "block_suggestion":
                return NO_OPTIONS
        return RawResponse()

    async def prepare(self, payload: Payload) -> None:
        """Raises Unavailable."""
        if not self.for_us(payload):
            return
        if payload.delivery is not None:
            await self.prepare_event(payload.delivery)
        match payload.kind:
            case "action":
                await self.prepare_action(payload.data)
            case "command":
                user = payload.data.get("user_id", "")
                if user and not wire.is_direct(payload.data.get("channel_id", "")):
                    await self.places.direct(user)
                await self.places.person(user)

    async def prepare_event(self, delivery: wire.Delivery) -> None:
        event = delivery.event
        self.places.bot_user = self.places.bot_user or delivery.bot_user
        if event.bot_id or event.type not in ("message", "app_mention", "app_home_opened"):
            return
        told = wire.inner(event.message or event.previous_message) if event.subtype.startswith("message_") else event
        if event.type == "message" and told.thread_ts and not event.direct and self.settings.answer == "addressed":
            await self.places.look(event.channel, told.thread_ts)
        if event.user and (event.direct or event.type == "app_mention" or self.places.ours(events.address_of(event))):
            await self.places.person(event.user)

    async def prepare_action(self, data: Mapping[str, Any]) -> None:
        packed, trigger = actions.opener(data)
        if packed and trigger:
            await self.open_form(data, packed, trigger)
        elif user := actions.user_of(data):
            if actions.needs_direct(data):
                await self.places.direct(user)
            await self.places.person(user)

    async def open_form(self, data: Mapping[str, Any], packed: str, trigger: str) -> None:
        """Raises Unavailable: Slack then shows that the tap did nothing, and it can be tapped again."""
        try:
            form = await forms.unpacked(packed, self.files)
            address, message = actions.address_of(data, self.places), actions.message_of(data)
            view = forms.modal(form, address=address, message=message)
            await self.api.call("views.open", {"trigger_id": trigger, "view": view}, patience=PATIENCE)
        except (SendFailed, NotFound) as error:
            raise Unavailable(f"a form could not be opened: {error}") from None

    def heard(self, payload: Payload) -> Sequence[Inbound]:
        if not self.for_us(payload):
            return ()
        now = self.clock.now()
        if (delivery := payload.delivery) is not None:
            self.places.bot_user = self.places.bot_user or delivery.bot_user
            return events.read(delivery, self.places, now)
        match payload.kind:
            case "action":
                return actions.read(payload.data, self.places, now)
            case "command":
                return actions.command(payload.data, self.places, now)
        return ()

    def for_us(self, payload: Payload) -> bool:
        """Whether the app and workspace are those of the settings: an app may be installed in many."""
        data = payload.data
        app = wire.identity(data.get("api_app_id"))
        if self.settings.app and app and app != self.settings.app:
            return False
        if not self.settings.team:
            return True
        if payload.delivery is not None:
            return self.settings.team in payload.delivery.teams
        return not (teams := self.teams(data)) or self.settings.team in teams

    def teams(self, data: Mapping[str, Any]) -> set[str]:
        view = wire.mapped(data.get("view"))
        known = (data.get("team_id"), data.get("team"), data.get("enterprise"), data.get("enterprise_id"))
        return {wire.identity(each) for each in (*known, view.get("app_installed_team_id"))} - {""}

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        return await self.outbox.send(rendering, outgoing)

    async def typing(self, address: str, on: bool) -> None:
        await self.outbox.typing(address, on)

    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        """A file by its private URL, or by its id where the event told no more (Slack Connect)."""
        if not reference.startswith(("https://", "http://")):
            reference = await self.address_of_file(reference)
        return await self.api.fetch(reference, max_bytes)

    async def address_of_file(self, file: str) -> str:
        """Raises NotFound, SendFailed."""
        try:
            answer = await self.api.ask("files.info", {"file": file})
        except Refused as error:
            if error.error in ("file_not_found", "file_deleted"):
                raise NotFound(f"slack has no file {file!r} any more") from None
            raise
        found = wire.File.model_validate(wire.mapped(answer.get("file")))
        if not (address := found.url_private_download or found.url_private):
            raise NotFound(f"slack tells no address of file {file!r}")
        return address

    async def setup(self, url: str) -> Sequence[SetupStep]:
        return manage.steps(self.settings, url)

    async def check(self, url: str) -> Sequence[Checked]:
        return await manage.check(self.settings, self.api, url)

    async def open(self) -> None:
        """Nothing to prepare: what it has to know of Slack is asked when it is needed."""

    async def close(self) -> None:
        """Nothing to give back."""


class SlackListener(SlackChannel):
    """The same by Socket Mode: Slack posts nothing, it is asked."""

    async def listen(self, hear: Hear) -> None:
        await socket.listen(self.settings, self.api, lambda envelope: self.take(envelope, hear))

    async def take(self, envelope: socket.Envelope, hear: Hear) -> Mapping[str, Any] | None:
        """What to acknowledge an envelope with, once what is in it is durable."""
        payload = envelope.payload
        await self.prepare(payload)
        if heard := self.heard(payload):
            await hear(heard)
        answer = self.reply(payload).body
        return orjson.loads(answer) if envelope.wants_answer and answer else None
