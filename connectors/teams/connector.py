"""One bot registered with the Bot Framework: what its service posts, what is posted to it."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

import orjson

from connectors.teams import events, manage, wire
from connectors.teams.outbox import Outbox
from connectors.teams.settings import LIMITS, Settings
from connectors.teams.tokens import Keys, checked
from connectors.teams.wire import Activity
from orchestrator import sending
from orchestrator.errors import Malformed, NotFound, Unauthenticated
from orchestrator.ports import Clock, Files, Http
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

MOST = 10_000
ASKED = frozenset({"message", "messageUpdate", "messageDelete"})
"""What groups say to each other as well. Of reactions Teams tells only those to the bot's own messages."""


class TeamsChannel:
    kind = "teams"
    delivery: Literal["push", "pull"] = "push"
    limits = LIMITS
    max_bytes = 524_288
    """A message of 100 KB comes twice: as text, and as HTML."""

    def __init__(self, settings: Settings, *, clock: Clock, http: Http, files: Files) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.keys = Keys(settings, clock=clock, http=http)
        self.outbox = Outbox(settings, clock=clock, http=http, files=files)
        self.groups: OrderedDict[str, None] = OrderedDict()
        """Conversations of groups that the bot was called into: what follows there is for it too."""

    async def verify(self, request: RawRequest) -> None:
        """Also hands over a file whose offer was accepted, which wants to be answered at once.

        Raises Unauthenticated, Malformed; Unavailable when Microsoft's keys can't be had: it delivers again.
        """
        header = request.headers.get("authorization", "")
        claims, key = await checked(header, self.settings, self.keys, self.clock.now())
        activity = wire.read(request.body)
        claimed = wire.words(claims.get("serviceurl") or claims.get("serviceUrl"))
        # Whoever has a token of another conversation must not make us answer, with ours, to a server of theirs.
        if claimed.rstrip("/") != activity.service_url.rstrip("/"):
            raise Unauthenticated("the activity's serviceUrl is not the one the token was issued for")
        if activity.service_url and not self.settings.may_have_token(activity.service_url):
            raise Unauthenticated("the activity's serviceUrl is on none of service_hosts")
        endorsed = key.endorsements is None or activity.channel_id in ("", *key.endorsements)
        if not endorsed:
            raise Unauthenticated(f"the key is not endorsed for channel {activity.channel_id[:40]!r}")
        if self.for_us(activity) and activity.name == events.CONSENT:
            await self.outbox.accepted(activity.address, wire.mapped(activity.value))

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        if request.method != "POST":
            raise Malformed(f"activities are POSTed here; this was a {request.method}")
        activity = wire.read(request.body)
        if not self.for_us(activity) or not self.addressed(activity):
            return ()
        return events.read(activity, self.clock.now())

    def for_us(self, activity: Activity) -> bool:
        """Not our own words come back, nor those of tenants that are not served."""
        sender, own = activity.sender.id, f"28:{self.settings.app_id}"
        if activity.type == "message" and sender in (own, self.settings.app_id):
            return False
        return not self.settings.tenants or not activity.tenant or activity.tenant in self.settings.tenants

    def addressed(self, activity: Activity) -> bool:
        """In a group: called by name, answering a card, or in a thread where that has happened."""
        conversation = activity.conversation.id
        if activity.personal or activity.type not in ASKED or self.settings.answer == "all":
            return True
        if wire.mentioned(activity) or activity.value is not None:
            self.called(conversation)
        return conversation in self.groups or not activity.recipient.id

    def called(self, conversation: str) -> None:
        self.groups[conversation] = None
        self.groups.move_to_end(conversation)
        if len(self.groups) > MOST:
            self.groups.popitem(last=False)

    def answer(self, request: RawRequest) -> RawResponse:
        """An invoke wants a body, whatever it was; a card's action another than the rest."""
        activity = wire.read(request.body)
        if activity.type != "invoke":
            return RawResponse()
        body: dict[str, object] = {}
        if activity.name == events.EXECUTE:
            # An empty message: the card stays as it is (learn.microsoft.com/adaptive-cards, Universal Actions).
            body = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": ""}
        return RawResponse(body=orjson.dumps(body), media_type="application/json")

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        return await self.outbox.send(rendering, outgoing)

    async def typing(self, address: str, on: bool) -> None:
        await self.outbox.typing(address, on)

    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        """A file by its address. Our token goes along to the service's own hosts only; OneDrive's links need none."""
        headers = {}
        if self.settings.may_have_token(reference):
            headers["authorization"] = await self.outbox.access.bearer()
        response = await self.http.request(
            "GET",
            reference,
            headers=headers,
            timeout=30.0,
            max_bytes=max_bytes,
            trusted=self.settings.own(reference),
        )
        if response.status in (404, 410):
            raise NotFound("the file is gone: teams' links live for minutes")
        if failed := sending.failure("the file's server", response.status, response.headers, self.clock.now()):
            raise failed
        return Fetched(data=response.body, mime=response.headers.get("content-type", "").partition(";")[0].strip())

    async def setup(self, url: str) -> Sequence[SetupStep]:
        return manage.steps(self.settings, url)

    async def check(self, url: str) -> Sequence[Checked]:
        return await manage.check(self.outbox.access, self.keys, url)

    async def open(self) -> None:
        """Nothing to prepare: keys and token are fetched when they are needed."""

    async def close(self) -> None:
        """Nothing to give back."""
