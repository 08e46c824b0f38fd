"""Posting: one rendering, as one message or several, or a file."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from connectors.slack import forms, render
from connectors.slack.api import Api, Refused
from connectors.slack.events import TRACKER
from connectors.slack.places import Places, Recent
from connectors.slack.settings import Settings
from connectors.slack.wire import split
from orchestrator.errors import NotFound, SendFailed, TooLarge, Unanswered
from orchestrator.ports import Files
from orchestrator.types import Carousel, Delivery, Form, Media, Outgoing, Part, Rendering

LARGEST = 50_000_000
"""Bytes of a file that is uploaded; a larger one, or one that can't be had, goes as a link."""


class Outbox:
    def __init__(self, settings: Settings, api: Api, places: Places, files: Files) -> None:
        self.settings = settings
        self.api = api
        self.places = places
        self.files = files
        self.carousel = settings.cards == "carousel"
        self.sent: Recent[str] = Recent()
        """By tracker and page: the id of a page that went out while a later one of the same rendering did not."""

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """Raises SendFailed; `unknown` when Slack may have taken it: it knows no idempotency key."""
        tracker = f"{outgoing.id}.{outgoing.done}"
        external_id = ""
        for index, part in enumerate(rendering.parts):
            external_id = await self.say(part, outgoing, f"{tracker}.{index}" if index else tracker)
        return Delivery(external_id=external_id)

    async def say(self, part: Part, outgoing: Outgoing, tracker: str) -> str:
        if isinstance(part, Media) and (said := await self.upload(part, outgoing)):
            return said
        packed = await forms.packed(part, outgoing.app_id, self.files) if isinstance(part, Form) else ""
        carousel = self.carousel
        found = render.blocks(part, form=packed, carousel=carousel)
        text = link(part) if isinstance(part, Media) and not found else render.text_of(part)
        try:
            return await self.post_all(found, text, outgoing.address, tracker)
        except Refused as error:
            if error.error != "invalid_blocks" or not (carousel and isinstance(part, Carousel)):
                raise
        # A workspace, or a Slack, without cards yet.
        return await self.post_all(render.blocks(part, carousel=False), text, outgoing.address, tracker)

    async def post_all(self, found: list[render.Block], text: str, address: str, tracker: str) -> str:
        """Page by page; those that went out before an error do not go again."""
        external_id = ""
        for number, blocks in enumerate(render.pages(found)):
            page = f"{tracker}/{number}"
            external_id = self.sent.get(page) or await self.post_fitting(blocks, text, address, tracker)
            self.sent.put(page, external_id)
        return external_id

    async def post_fitting(self, blocks: list[render.Block], text: str, address: str, tracker: str) -> str:
        """Halved where Slack still finds it too long: how it counts is written down nowhere."""
        try:
            return await self.post(blocks, text, address, tracker)
        except Refused as error:
            if error.error != "msg_blocks_too_long" or len(blocks) < 2:
                raise
        half = len(blocks) // 2
        await self.post_fitting(blocks[:half], text, address, tracker)
        return await self.post_fitting(blocks[half:], text, address, tracker)

    async def post(self, blocks: list[render.Block], text: str, address: str, tracker: str) -> str:
        channel, thread = split(address)
        fields: dict[str, Any] = {"channel": channel, "text": text}
        if thread:
            fields["thread_ts"] = thread
        if blocks:
            fields["blocks"] = blocks
        fields["metadata"] = {"event_type": TRACKER, "event_payload": {"tracker": tracker}}
        try:
            answer = await self.api.call("chat.postMessage", fields)
        except Unanswered as error:
            raise unknown(error) from None
        return self.said(address, answer)

    def said(self, address: str, answer: Mapping[str, Any]) -> str:
        """Its id as events name it; what comes back under it is for us."""
        external_id = f"{answer.get('channel') or split(address)[0]}:{answer.get('ts', '')}"
        self.places.messages.put(external_id, address)
        self.places.joined(address)
        return external_id

    async def upload(self, part: Media, outgoing: Outgoing) -> str:
        """A file as a file of Slack's: its id. "" when it goes better by its address: a picture elsewhere, what can't
        be had, a workspace that does not let us."""
        found = await self.bytes_of(part)
        if found is None:
            return ""
        data, name = found
        try:
            fields = {"filename": name, "length": str(len(data))} | ({"alt_txt": part.alt[:1000]} if part.alt else {})
            place = await self.api.ask("files.getUploadURLExternal", fields)
            await self.api.put(str(place.get("upload_url", "")), data)
        except Refused as error:
            if error.retryable or error.reason:
                raise
            return ""
        return await self.complete(str(place.get("file_id", "")), name, part, outgoing)

    async def complete(self, file: str, name: str, part: Media, outgoing: Outgoing) -> str:
        channel, thread = split(outgoing.address)
        fields: dict[str, Any] = {"files": [{"id": file, "title": part.name or name}], "channel_id": channel}
        if thread:
            fields["thread_ts"] = thread
        if part.alt:
            fields["initial_comment"] = render.text_of(part)
        try:
            await self.api.call("files.completeUploadExternal", fields)
        except Unanswered as error:
            raise unknown(error) from None
        self.places.joined(outgoing.address)
        return file

    async def bytes_of(self, part: Media) -> tuple[bytes, str] | None:
        """Of a file kept here, or of one elsewhere that is no picture: Slack shows those by their address."""
        path = urlsplit(part.url).path
        name = part.name or path.rpartition("/")[2] or "file"
        with suppress(NotFound):
            data, _, kept = await self.files.get(path)
            return data, part.name or kept or name
        if part.media in ("image", "gif"):
            return None
        try:
            response = await self.api.http.request("GET", part.url, timeout=30.0, max_bytes=LARGEST)
        except (SendFailed, TooLarge):
            return None
        return (response.body, name) if response.status == 200 and response.body else None

    async def typing(self, address: str, on: bool) -> None:
        """Only where Slack shows it: in an assistant's thread. A hint, lost without harm."""
        channel, thread = split(address)
        if not thread or not channel.startswith("D"):
            return
        fields = {"channel_id": channel, "thread_ts": thread, "status": self.settings.status if on else ""}
        with suppress(SendFailed):
            await self.api.call("assistant.threads.setStatus", fields)


def link(part: Media) -> str:
    label = render.text_of(part)
    return f"<{part.url}|{label}>" if label else part.url


def unknown(error: Unanswered) -> SendFailed:
    return SendFailed(f"slack may have taken it: {error}", retryable=False, reason="unknown")
