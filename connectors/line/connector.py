"""One LINE Official Account: what it hears, what it says."""

import asyncio
import base64
import hmac
import uuid
from collections import OrderedDict
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import urlsplit

import structlog

from connectors.line import length, managed, render, wire
from connectors.line.api import LineApi, Refused
from connectors.line.inbound import Reader, live
from connectors.line.settings import Settings
from orchestrator import signing
from orchestrator.errors import (
    Malformed,
    NotFound,
    ParleyError,
    SendFailed,
    Unanswered,
    Unauthenticated,
)
from orchestrator.ports import Clock, Files, Http, Recall
from orchestrator.types import (
    Checked,
    Delivery,
    Fetched,
    Inbound,
    Limits,
    Media,
    Outgoing,
    RawRequest,
    RawResponse,
    Rendering,
    SetupStep,
)

LIMITS = Limits(
    text=5000,
    unit="utf16",
    quick_replies=13,
    quick_reply_title=20,
    buttons=12,
    button_title=20,
    # In a flex bubble, which may have 30 KB in all.
    button_text=2000,
    link_buttons=True,
    cards=10,
    card_title=100,
    card_subtitle=300,
    card_buttons=4,
    location=True,
    media=frozenset({"image", "audio"}),
    media_mimes={"image": frozenset({"image/jpeg", "image/png"})},
    media_bytes={"image": 10_000_000, "video": 200_000_000, "audio": 200_000_000},
    caption=5000,
    payload=300,
    typing=True,
)
FRESH = 50.0
"""Seconds a reply token is trusted; LINE lets it go after a minute."""
RETRY_KEYS = uuid.UUID("6f1d7c52-2f0e-4b53-9d8b-8a4f5c7a9e10")
"""Names retry keys: the same message always gets the same."""
SHOWN = 20
"""Seconds the loading animation is shown, unless a message comes first."""
REMEMBERED = 4096
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0

log = structlog.get_logger("parley.line")


class LineChannel:
    kind = "line"
    delivery: Literal["push", "pull"] = "push"
    max_bytes = 2_097_152

    def __init__(self, settings: Settings, *, clock: Clock, http: Http, files: Files) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.files = files
        self.api = LineApi(settings, clock=clock, http=http)
        self.limits = replace(LIMITS, media=LIMITS.media | {"video"}) if settings.preview else LIMITS
        self.me = settings.destination
        self.recall: Recall | None = None
        self.used: OrderedDict[str, None] = OrderedDict()
        self.tasks: set[asyncio.Task[None]] = set()

    def remember(self, recall: Recall) -> None:
        self.recall = recall

    async def verify(self, request: RawRequest) -> None:
        key = self.settings.secret.get_secret_value().encode()
        wanted = base64.b64encode(signing.sealed(key, request.body))
        if not hmac.compare_digest(request.headers.get("x-line-signature", "").strip().encode(), wanted):
            raise Unauthenticated("line: wrong or missing X-Line-Signature; is the channel secret still the same?")

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        if request.method != "POST":
            raise Malformed(f"webhooks are POSTed here; this was a {request.method}")
        return self.reader().events(request.body)

    def reader(self) -> Reader:
        return Reader(me=self.me, groups=self.settings.groups, now=self.clock.now())

    def answer(self, request: RawRequest) -> RawResponse:
        """The events are durable: what was taken is shown as read."""
        if self.settings.mark_read and b"markAsReadToken" in request.body:
            events = wire.events(wire.read(request.body))
            tokens = [one.message.markAsReadToken for one in events if one.message and live(one) and one.source.private]
            self.spawn(self.mark_read(tokens))
        return RawResponse()

    async def mark_read(self, tokens: Sequence[str]) -> None:
        """A courtesy: not every account may."""
        for token in filter(None, tokens):
            with suppress(SendFailed):
                await self.api.call("POST", "/v2/bot/chat/markAsRead", {"markAsReadToken": token})

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """A reply costs nothing, but its token is good once and for a minute, and it knows no retry key; a push counts
        against the month's quota, and may be tried again."""
        seconds = {part.url: await self.seconds(part) for part in rendering.parts if isinstance(part, Media)}
        messages = render.messages(rendering.parts, seconds, self.settings.preview)
        token = await self.token(outgoing)
        if token and (replied := await self.replied(token, messages)) is not None:
            return replied
        return await self.pushed(messages, outgoing)

    async def replied(self, token: str, messages: Sequence[Mapping[str, Any]]) -> Delivery | None:
        """None when the token is no good (any more)."""
        fields = {"replyToken": token, "messages": messages}
        try:
            return named(await self.api.call("POST", "/v2/bot/message/reply", fields))
        except Unanswered as error:
            raise SendFailed(f"line did not answer to a reply: {error}", retryable=False, reason="unknown") from None
        except Refused as error:
            if error.status == 400 and "reply token" in error.said:
                return None
            raise

    async def pushed(self, messages: Sequence[Mapping[str, Any]], outgoing: Outgoing) -> Delivery:
        key = uuid.uuid5(RETRY_KEYS, f"{outgoing.channel_id}\0{outgoing.id}.{outgoing.done}")
        fields = {"to": outgoing.address.partition("/")[0], "messages": messages}
        try:
            found = await self.api.call("POST", "/v2/bot/message/push", fields, {"x-line-retry-key": str(key)})
        except Refused as error:
            if error.status == 409:  # accepted before
                return named(error.body)
            raise
        return named(found)

    async def token(self, outgoing: Outgoing) -> str:
        """The reply token of what the customer said last, while it is fresh and has not been used."""
        if self.recall is None or outgoing.attempts:
            return ""
        try:
            context = await self.recall(outgoing.conversation_id)
        except ParleyError:
            return ""
        match context.get("line"):
            case {"reply_token": str() as token, "at": int() | float() as at} if (
                token not in self.used and 0 <= self.clock.now().timestamp() - at <= FRESH
            ):
                self.used[token] = None
                if len(self.used) > REMEMBERED:
                    self.used.popitem(last=False)
                return token
            case _:
                return ""

    async def seconds(self, part: Media) -> float:
        """How long a recording of our own lasts; of others' nobody knows."""
        path = urlsplit(part.url).path
        if part.media != "audio" or not path.startswith("/media/"):
            return 0.0
        try:
            return length.seconds((await self.files.get(path))[0])
        except NotFound:
            return 0.0

    async def typing(self, address: str, on: bool) -> None:
        """The loading animation: in private chats only, until the next message."""
        if on and "/" not in address and address.startswith("U"):
            with suppress(SendFailed):
                await self.api.call("POST", "/v2/bot/chat/loading/start", {"chatId": address, "loadingSeconds": SHOWN})

    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        """A message's id, or the address of what an application sent in a user's name, which is nobody we trust."""
        if not reference.startswith(("https://", "http://")):
            if not reference.isalnum():
                raise NotFound("line has no such file")
            return await self.api.content(reference, max_bytes)
        response = await self.http.request("GET", reference, max_bytes=max_bytes, timeout=self.settings.timeout * 4)
        if response.status != 200:
            raise NotFound(f"the file is not where it was said to be: {response.status}")
        return Fetched(data=response.body, mime=response.headers.get("Content-Type", ""))

    async def setup(self, url: str) -> Sequence[SetupStep]:
        return await managed.setup(self.api, url)

    async def check(self, url: str) -> Sequence[Checked]:
        return await managed.check(self.api, self.settings, url)

    async def open(self) -> None:
        if not self.me:
            self.spawn(self.learn_name())

    async def learn_name(self) -> None:
        """Whom webhooks should be for. Until LINE has told, all are taken."""
        pause = FIRST_PAUSE
        while True:
            try:
                found = await self.api.call("GET", "/v2/bot/info")
            except SendFailed as error:
                if error.reason == "token_expired":
                    log.warning("line does not know this channel", error=str(error))
                    return
            else:
                self.me = str(found.get("userId") or "") if isinstance(found, dict) else ""
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def spawn(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(job)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def close(self) -> None:
        left = list(self.tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def named(found: Any) -> Delivery:
    """The id of the last message sent."""
    match found:
        case {"sentMessages": [*_, {"id": str() as id}]}:
            return Delivery(external_id=id)
        case _:
            return Delivery()
