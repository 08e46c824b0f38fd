"""One Telegram bot: what it hears, what it says."""

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Literal
from urllib.parse import urlsplit

import structlog

from connectors.telegram import managed, places, render, wire
from connectors.telegram.api import Attachment, BotApi, Refused
from connectors.telegram.inbound import Reader
from connectors.telegram.render import Call
from connectors.telegram.said import Me
from connectors.telegram.settings import Settings
from orchestrator.errors import Malformed, NotFound, SendFailed, TooLarge, Unanswered, Unauthenticated
from orchestrator.ports import Clock, Files, Http
from orchestrator.types import (
    Checked,
    Delivery,
    Fetched,
    Inbound,
    Limits,
    Outgoing,
    RawRequest,
    RawResponse,
    Rendering,
    SetupStep,
)

LIMITS = Limits(
    text=4096,
    unit="utf16",
    markup="markdown",
    quick_replies=30,
    quick_reply_title=64,
    buttons=24,
    button_title=64,
    link_buttons=True,
    # One at a time: a picture with its words and buttons. There is nothing to swipe through.
    cards=1,
    card_title=120,
    card_subtitle=800,
    card_buttons=8,
    location=True,
    media=frozenset({"image", "gif", "audio", "video", "file"}),
    caption=1024,
    payload=64,
    typing=True,
)
HEEDED = (b'"callback_query"', b'"group"', b'"supergroup"', b"\\u")
"""Without any of these there is nothing in an update to be heeded: it need not be read twice."""
NOT_FETCHED = ("failed to get http url content", "wrong file identifier", "wrong type of the web page content")
NO_PICTURE = ("photo_invalid_dimensions", "image_process_failed", "photo_ext_invalid", "photo_content_type_invalid")
LARGEST_UPLOAD = 50_000_000
FETCHING = 30.0
REMEMBERED = 4096
"""Chats of which the last message in a group, or the new id, is remembered."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0

log = structlog.get_logger("parley.telegram")


class TelegramChannel:
    kind = "telegram"
    delivery: Literal["push", "pull"] = "push"
    limits = LIMITS

    def __init__(self, settings: Settings, *, clock: Clock, http: Http, files: Files) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.files = files
        self.api = BotApi(settings, clock=clock, http=http)
        self.me = Me(id=settings.bot_id, username=settings.username)
        self.moved: OrderedDict[int, int] = OrderedDict()
        self.last: OrderedDict[str, int] = OrderedDict()
        self.tasks: set[asyncio.Task[None]] = set()

    async def verify(self, request: RawRequest) -> None:
        if self.settings.mode == "polling":
            raise Unauthenticated("this telegram channel asks for its updates itself and takes none by HTTP")
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        if not hmac.compare_digest(given.encode(), self.settings.secret_token.encode()):
            raise Unauthenticated("telegram: wrong or missing secret token; 'parley channels setup' sets it anew")

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        if request.method != "POST":
            raise Malformed(f"updates are POSTed here; this was a {request.method}")
        return self.reader().events(wire.read(request.body))

    def reader(self) -> Reader:
        return Reader(me=self.me, groups=self.settings.groups, now=self.clock.now())

    def answer(self, request: RawRequest) -> RawResponse:
        """The update is durable: whoever tapped need not wait any longer."""
        if any(sign in request.body for sign in HEEDED):
            self.heard(wire.read(request.body))
        return RawResponse()

    def heard(self, update: wire.Update) -> None:
        """Stop the tapped button's spinning; remember what is answered in a group."""
        if query := update.callback_query:
            self.spawn(self.acknowledge(query.id))
        message = update.message
        if message is not None and not message.chat.private:
            remember(self.last, places.of(message), message.message_id)

    async def acknowledge(self, query_id: str) -> None:
        """Too late is no harm: the button has stopped by itself."""
        with suppress(SendFailed):
            await self.api.call("answerCallbackQuery", {"callback_query_id": query_id})

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """Telegram has no idempotency keys: what was not answered may have gone out, and is not sent again."""
        place = places.read(outgoing.address)
        delivery = Delivery()
        for call in render.calls(rendering.parts, place):
            addressed = self.addressed(call, place, outgoing.address)
            try:
                delivery = Delivery(external_id=named(await self.deliver(addressed)))
            except Unanswered as error:
                raise SendFailed(f"telegram did not answer: {error}", retryable=False, reason="unknown") from None
        return delivery

    def addressed(self, call: Call, place: places.Place, address: str) -> Call:
        """To where the chat has moved; in a group, as an answer to whoever spoke."""
        more: dict[str, Any] = {}
        if place.chat in self.moved:
            more["chat_id"] = self.moved[place.chat]
        elif (answered := self.last.get(address)) is not None:
            more["reply_parameters"] = {"message_id": answered, "allow_sending_without_reply": True}
        return call.with_fields(**more) if more else call

    async def deliver(self, call: Call) -> Any:
        """The message as Telegram has it. What it refuses in this form is sent in the next best."""
        call, attachment = sized(call, await self.ours(call))
        for _ in range(4):
            try:
                return await self.api.call(call.method, fields_of(call, attachment), attachment)
            except Refused as error:
                if "message is not modified" in error.said:
                    return None
                call, attachment = await self.instead(call, attachment, error)
        return await self.api.call(call.method, fields_of(call, attachment), attachment)

    async def instead(
        self, call: Call, attachment: Attachment | None, error: Refused
    ) -> tuple[Call, Attachment | None]:
        """What to try now. Raises the refusal when there is nothing."""
        if error.migrated:
            remember(self.moved, int(call.fields["chat_id"]), error.migrated)
            return call.with_fields(chat_id=error.migrated), attachment
        if "can't parse entities" in error.said and call.plain is not None:
            return Call(method=call.method, fields=call.plain), attachment
        if call.links and "url" in error.said and "invalid" in error.said:
            return render.without_links(call), attachment
        if call.media is not None and call.method == "sendPhoto" and any(sign in error.said for sign in NO_PICTURE):
            return render.as_document(call), replaced(attachment, "document")
        if call.media is not None and any(sign in error.said for sign in NOT_FETCHED):
            return await self.fetched(call, attachment)
        raise error

    async def ours(self, call: Call) -> Attachment | None:
        """A file of our own is handed over: Telegram may not reach this server."""
        path = urlsplit(call.media.url).path if call.media else ""
        if not path.startswith("/media/"):
            return None
        try:
            data, mime, name = await self.files.get(path)
        except NotFound:
            return None
        return Attachment(field=call.field, data=data, name=name, mime=mime)

    async def fetched(self, call: Call, attachment: Attachment | None) -> tuple[Call, Attachment | None]:
        """Telegram fetches few kinds of files itself (no document but PDF and ZIP): then we do, or tell the address."""
        media = call.media
        assert media is not None
        if attachment is not None:
            return render.as_link(call), None
        try:
            response = await self.http.request("GET", media.url, timeout=FETCHING, max_bytes=LARGEST_UPLOAD)
        except (SendFailed, TooLarge):
            return render.as_link(call), None
        if response.status != 200 or not response.body:
            return render.as_link(call), None
        name = media.name or urlsplit(media.url).path.rpartition("/")[2]
        mime = media.mime or response.headers.get("Content-Type", "")
        return sized(call, Attachment(field=call.field, data=response.body, name=name, mime=mime))

    async def typing(self, address: str, on: bool) -> None:
        """It shows for five seconds, or until the next message: there is no way to end it."""
        if on:
            with suppress(SendFailed):
                await self.api.call("sendChatAction", {**places.read(address).fields, "action": "typing"})

    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        return await self.api.file(reference, max_bytes)

    async def setup(self, url: str) -> Sequence[SetupStep]:
        return await managed.setup(self.api, self.settings, url)

    async def check(self, url: str) -> Sequence[Checked]:
        return await managed.check(self.api, self.settings, url)

    async def open(self) -> None:
        if not self.me.username and self.settings.groups == "addressed":
            self.spawn(self.learn_name())

    async def learn_name(self) -> None:
        """Who may be meant by a mention. Until Telegram has told, replies and commands are heard."""
        pause = FIRST_PAUSE
        while True:
            try:
                found = await self.api.call("getMe", {})
            except SendFailed as error:
                if error.reason == "token_expired":
                    log.warning("telegram does not know this bot", error=str(error))
                    return
            else:
                self.me = Me(id=self.me.id, username=str(found.get("username") or ""))
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


def remember(kept: OrderedDict[Any, int], key: Any, value: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > REMEMBERED:
        kept.popitem(last=False)


def fields_of(call: Call, attachment: Attachment | None) -> dict[str, Any]:
    """Without the address of what is handed over."""
    return {name: value for name, value in call.fields.items() if attachment is None or name != attachment.field}


def sized(call: Call, attachment: Attachment | None) -> tuple[Call, Attachment | None]:
    """A picture too large for a photo goes as a document."""
    if attachment is None or call.method != "sendPhoto" or len(attachment.data) <= render.LARGEST_PHOTO:
        return call, attachment
    return render.as_document(call), replaced(attachment, "document")


def replaced(attachment: Attachment | None, field: str) -> Attachment | None:
    if attachment is None:
        return None
    return Attachment(field=field, data=attachment.data, name=attachment.name, mime=attachment.mime)


def named(message: Any) -> str:
    """Chat and number of the message, or of an album's last."""
    last = message[-1] if isinstance(message, list) and message else message
    match last:
        case {"message_id": int() as number, "chat": {"id": int() as chat}}:
            return f"{chat}:{number}"
        case _:
            return ""
