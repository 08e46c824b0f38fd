"""Posting activities to the service a conversation is at."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from connectors.teams import render
from connectors.teams.events import OURS
from connectors.teams.settings import Settings
from connectors.teams.tokens import Access, read
from connectors.teams.wire import mapped, split
from orchestrator import sending
from orchestrator.errors import NotFound, SendFailed, TooLarge, Unanswered, Unavailable
from orchestrator.ports import Clock, Files, Http, HttpResponse
from orchestrator.types import Delivery, Media, Outgoing, Part, Rendering

AGAIN = frozenset({412})
"""Besides 429 and all from 500 on: a card that another was still changing."""

BLOCKED = frozenset(
    {"ConversationBlockedByUser", "BotNotInConversationRoster", "BotDisabledByAdmin", "MessageWritesBlocked"}
)
"""Codes of a 403: the person, or their administrator, wants no messages of ours."""

LARGEST = 4_000_000
"""Bytes of a file that goes to OneDrive in one piece; a larger one goes as a link."""


class TooMuch(SendFailed):
    """413: the service takes it in smaller pieces."""


class Outbox:
    def __init__(self, settings: Settings, *, clock: Clock, http: Http, files: Files) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.files = files
        self.access = Access(settings, clock=clock, http=http)
        self.chats: dict[str, str] = {}
        """By a person's id: the conversation that was begun with them."""

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """Raises SendFailed; `unknown` when the service may have taken it: it knows no idempotency key."""
        conversation, service = await self.place(outgoing.address)
        external_id = ""
        for part in rendering.parts:
            external_id = await self.post_all(service, conversation, await self.activity(part, conversation))
        return Delivery(external_id=external_id)

    async def place(self, address: str) -> tuple[str, str]:
        """Where that is; a person's id ("29:…") stands for the chat with them, which is begun if need be."""
        conversation, service = split(address)
        service = service or self.settings.api
        if conversation.startswith("29:"):
            conversation = self.chats.get(conversation) or await self.begin(service, conversation)
        return conversation, service

    async def begin(self, service: str, person: str) -> str:
        members = {"bot": {"id": f"28:{self.settings.app_id}"}, "members": [{"id": person}], "isGroup": False}
        tenant = {"tenantId": self.settings.tenant, "channelData": {"tenant": {"id": self.settings.tenant}}}
        answer = await self.call("POST", service, "v3/conversations", members | tenant)
        conversation = str(answer.get("id") or "")
        if not conversation:
            raise SendFailed("teams began a chat and did not say which", retryable=False)
        self.chats[person] = conversation
        return conversation

    async def activity(self, part: Part, conversation: str) -> render.Json:
        # A channel's or a group's id begins like this; Web Chat and Direct Line have chats between two only.
        personal = not conversation.startswith("19:")
        if isinstance(part, Media) and part.media != "image" and personal and (offer := await self.offer(part)):
            return offer
        return render.activity(part, personal=personal)

    async def offer(self, part: Media) -> render.Json | None:
        """A file kept here, offered to the person's OneDrive; None where it goes as a link."""
        if self.settings.files == "links":
            return None
        path = urlsplit(part.url).path
        with suppress(NotFound):
            data, _, kept = await self.files.get(path)
            if len(data) <= LARGEST:
                return render.consent(part, part.name or kept or "file", len(data), path)
        return None

    async def post_all(self, service: str, conversation: str, activity: render.Json) -> str:
        """Halved for as long as the service finds it too large."""
        try:
            return await self.post(service, conversation, activity)
        except TooMuch:
            if (split_up := render.halves(activity)) is None:
                raise
        await self.post_all(service, conversation, split_up[0])
        return await self.post_all(service, conversation, split_up[1])

    async def post(self, service: str, conversation: str, activity: render.Json) -> str:
        whole = activity | {"from": {"id": f"28:{self.settings.app_id}"}, "conversation": {"id": conversation}}
        path = f"v3/conversations/{quote(conversation, safe='')}/activities"
        try:
            answer = await self.call("POST", service, path, whole)
        except Unanswered as error:
            raise SendFailed(f"teams may have taken it: {error}", retryable=False, reason="unknown") from None
        message = str(answer.get("id") or "")
        return f"{conversation}:{message}" if message else ""

    async def call(self, method: str, service: str, path: str, fields: render.Json) -> Mapping[str, Any]:
        """With our token; once more with a new one when it is refused. Raises SendFailed."""
        if not self.settings.may_have_token(service):
            host = urlsplit(service).hostname
            why = f"the service {host!r} is none of service_hosts: the bot's token is not sent there"
            raise SendFailed(why, retryable=False)
        body = orjson.dumps(fields)
        bearer = await self.access.bearer()
        response = await self.request(method, f"{service.rstrip('/')}/{path}", body, bearer)
        if response.status == 401:
            self.access.forget(bearer)
            response = await self.request(method, f"{service.rstrip('/')}/{path}", body, await self.access.bearer())
        self.judge(response)
        return read(response.body)

    async def request(self, method: str, url: str, body: bytes, bearer: str) -> HttpResponse:
        try:
            return await self.http.request(
                method,
                url,
                headers={"content-type": "application/json", "authorization": bearer},
                body=body,
                timeout=self.settings.timeout,
                trusted=self.settings.own(url),
                redirects=False,
            )
        except TooLarge as error:
            raise Unanswered(f"teams answered far too much: {error}", retryable=True) from None

    def judge(self, response: HttpResponse) -> None:
        """Raises SendFailed as the service's answer asks for."""
        code = str(mapped(read(response.body).get("error")).get("code") or "")[:80]
        now = self.clock.now()
        failed = sending.failure("teams", response.status, response.headers, now, code)
        if failed is None:
            return
        if response.status in AGAIN:
            raise SendFailed(str(failed), retryable=True, retry_after=sending.retry_after(response.headers, now))
        if response.status == 413 or code == "MessageSizeTooBig":
            raise TooMuch(str(failed), retryable=False)
        if response.status == 401:
            hint = "the token is refused; are app_id, app_password and tenant those of this bot?"
            raise SendFailed(f"{failed}: {hint}", retryable=False, reason="token_expired")
        if response.status == 403 and code in BLOCKED:
            raise SendFailed(str(failed), retryable=False, reason="opted_out")
        raise failed

    async def typing(self, address: str, on: bool) -> None:
        """It ends by itself. A hint, lost without harm."""
        if on and not address.startswith("29:"):
            with suppress(SendFailed):
                conversation, service = await self.place(address)
                await self.post(service, conversation, {"type": "typing"})

    async def accepted(self, address: str, value: Mapping[str, Any]) -> None:
        """A person took the offer of a file: put it where they said, and show it. Raises Unavailable."""
        offer, place = mapped(mapped(value.get("context")).get(OURS)), mapped(value.get("uploadInfo"))
        if value.get("action") != "accept" or not offer or not place:
            return
        try:
            data, _, _ = await self.files.get(str(offer.get("file") or ""))
            await self.upload(str(place.get("uploadUrl") or ""), data)
            conversation, service = await self.place(address)
            await self.post(service, conversation, render.uploaded(place))
        except (NotFound, SendFailed) as error:
            raise Unavailable(f"a file could not be handed over: {error}") from None

    async def upload(self, url: str, data: bytes) -> None:
        """To the person's OneDrive: the address itself is the permission, our token stays here."""
        length = len(data)
        headers = {"content-type": "application/octet-stream", "content-range": f"bytes 0-{length - 1}/{length}"}
        own = self.settings.own(url)
        response = await self.http.request(
            "PUT", url, headers=headers, body=data, timeout=10.0, trusted=own, redirects=False
        )
        if failed := sending.failure("OneDrive", response.status, response.headers, self.clock.now()):
            raise failed
