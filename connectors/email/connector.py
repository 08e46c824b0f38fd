"""One configured address: mail in by a mailbox or a provider's webhook, mail out by SMTP or a provider's API."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

from connectors.email import mime, smtp
from connectors.email.imap import ImapFailed, connected
from connectors.email.inbound import Shelf, by_content, events, wanted
from connectors.email.letter import Letter, letter
from connectors.email.loops import Brake, automatic
from connectors.email.mailbox import take
from connectors.email.providers import provider
from connectors.email.settings import ADDRESS, APIS, Settings
from connectors.email.threads import Thread, our_id, thread_of
from orchestrator.attaching import attached
from orchestrator.errors import Malformed, NotFound, ParleyError, SendFailed, TooLarge, Unanswered, Unauthenticated
from orchestrator.ports import Clock, Files, Http, Recall
from orchestrator.types import (
    Checked,
    Delivery,
    Fetched,
    Inbound,
    Limits,
    Media,
    Outgoing,
    Part,
    RawRequest,
    RawResponse,
    Rendering,
    SetupStep,
)

LIMITS = Limits(
    text=100_000,
    markup="markdown",
    quick_replies=10,
    quick_reply_title=80,
    buttons=10,
    button_title=80,
    link_buttons=True,
    list_rows=30,
    list_title=80,
    list_description=200,
    cards=10,
    card_title=200,
    card_subtitle=400,
    card_buttons=5,
    media=frozenset({"image", "gif", "audio", "video", "file"}),
    caption=4000,
)
OURS = "/media/"
STAGE = "email"
"""Where files wait until the engine has fetched them for their app."""
MOST_KEPT = 10_000
LARGEST_API_ANSWER = 1_048_576


class EmailChannel:
    kind = "email"
    delivery: Literal["push", "pull"] = "push"
    limits = LIMITS
    max_bytes = 36_700_160
    """Postmark posts up to 35 MB, SendGrid 30, Mailgun 25."""

    def __init__(self, settings: Settings, *, clock: Clock, http: Http, files: Files) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.files = files
        self.provider = provider(settings, clock)
        self.shelf = Shelf()
        self.kept: OrderedDict[str, str] = OrderedDict()
        self.brake = Brake(settings.replies_per_hour, clock)
        self.recall: Recall | None = None
        self.ahead: tuple[bytes, Sequence[mime.Mail | Inbound]] = (b"", ())

    def remember(self, recall: Recall) -> None:
        self.recall = recall

    async def verify(self, request: RawRequest) -> None:
        if self.provider is None:
            raise Unauthenticated("this address reads a mailbox; no 'provider' posts here")
        self.provider.verify(request)
        items = self.provider.read(request) if request.method == "POST" else ()
        for item in items:
            if isinstance(item, mime.Mail) and not automatic(item, self.settings.own, self.settings.forms):
                await self.keep(item)
        self.ahead = (request.body, items)

    async def keep(self, mail: mime.Mail) -> None:
        """A mail that was posted has its files nowhere else: kept before the provider is told that we have it, so that
        any process can fetch them. Raises Unavailable."""
        name = by_content(mail)
        for index, file in enumerate(wanted(mail.attachments)):
            if name(index) in self.kept:
                continue
            with suppress(TooLarge):
                try:
                    path = await self.files.put(STAGE, file.data, name=file.name, mime=file.mime)
                except Malformed:
                    path = await self.files.put(STAGE, file.data, name=file.name, mime="application/octet-stream")
                self.kept[name(index)] = path
        while len(self.kept) > MOST_KEPT:
            self.kept.popitem(last=False)

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        if request.method != "POST" or self.provider is None:
            raise Malformed(f"mail is POSTed here; this was a {request.method}")
        body, items = self.ahead
        # Reading a large mail takes a while: what `verify` has read of these very bytes is not read again.
        if body is not request.body:
            items = self.provider.read(request)
        self.ahead = (b"", ())
        found: list[Inbound] = []
        for item in items:
            found += self.read(item) if isinstance(item, mime.Mail) else [item]
        return found

    def answer(self, request: RawRequest) -> RawResponse:
        return RawResponse(body=b"OK")

    def read(self, mail: mime.Mail, validity: int = 0, uid: int = 0) -> list[Inbound]:
        by_bytes = by_content(mail)

        def name(index: int) -> str:
            return f"imap.{validity}.{uid}.{index}" if uid else self.kept.get(by_bytes(index), by_bytes(index))

        return events(mail, self.settings, self.shelf, self.clock.now(), name)

    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        """From what was just read; else from where it was kept, or the mailbox."""
        if reference.startswith(OURS):
            data, kind, name = await self.files.get(reference)
            if len(data) > max_bytes:
                raise TooLarge(f"file {name!r} has {len(data)} bytes; {max_bytes} are allowed")
            return Fetched(data=data, mime=kind, name=name)
        try:
            return self.shelf.get(reference, max_bytes)
        except NotFound:
            if not reference.startswith("imap.") or self.settings.imap is None:
                raise
        return await self.fetch_again(reference, max_bytes)

    async def fetch_again(self, reference: str, max_bytes: int) -> Fetched:
        validity, uid, index = (int(number) for number in reference.split(".")[1:])
        box = self.settings.imap
        assert box is not None
        try:
            async with connected(box, self.settings.address, self.settings.timeout) as imap:
                selected = await imap.select(box.folder)
                mail = await take(imap, uid) if selected.validity == validity else None
        except (ImapFailed, OSError, TimeoutError) as error:
            raise SendFailed(f"mailbox {box.host!r} can't be read: {error}", retryable=True) from None
        kept = wanted(mail.attachments) if mail else []
        if index >= len(kept):
            raise NotFound("the mail with this file is gone from the mailbox")
        if len(kept[index].data) > max_bytes:
            raise TooLarge(f"file {kept[index].name!r} has {len(kept[index].data)} bytes; {max_bytes} are allowed")
        return Fetched(data=kept[index].data, mime=kept[index].mime, name=kept[index].name)

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """One mail. Its Message-ID is the same on every try."""
        # What a person wrote is no automatic answer, and can't be part of a loop.
        automatic = rendering.role != "agent"
        if automatic and not self.brake.open(outgoing.address):
            most = self.settings.replies_per_hour
            raise SendFailed(f"more than {most} mails within an hour to one address: a loop?", retryable=False)
        if not ADDRESS.fullmatch(outgoing.address):
            raise SendFailed("this address is none that mail can be sent to", retryable=False)
        thread = await self.thread(outgoing)
        parts, attached = await self.attach(rendering.parts, our_id(outgoing, self.settings.host))
        await self.hand_over(letter(parts, outgoing, thread, self.settings, attached, automatic=automatic))
        if automatic:
            self.brake.count(outgoing.address)
        return Delivery(external_id=our_id(outgoing, self.settings.host))

    async def thread(self, outgoing: Outgoing) -> Thread:
        """What the customer wrote last, if it was a mail; a message that can't name it still goes out."""
        if self.recall is None:
            return Thread()
        try:
            context: Mapping[str, Any] = await self.recall(outgoing.conversation_id)
        except ParleyError:
            return Thread()
        return thread_of(dict(context))

    async def hand_over(self, made: Letter) -> None:
        if self.settings.smtp is not None:
            await smtp.Submission(self.settings.smtp, self.settings.address, self.settings.timeout).send(made)
            return
        assert self.provider is not None
        ask = self.provider.ask(made)
        try:
            response = await self.http.request(
                "POST",
                ask.url,
                headers=ask.headers,
                body=ask.body,
                timeout=self.settings.timeout,
                max_bytes=LARGEST_API_ANSWER,
                trusted=True,
                redirects=False,
            )
        except (Unanswered, TooLarge) as error:
            raise SendFailed(str(error), retryable=False, reason="unknown") from None
        if failed := self.provider.refusal(response.status, response.headers, response.body):
            raise failed

    async def attach(self, parts: Sequence[Part], message_id: str) -> tuple[list[Part], list[mime.Attachment]]:
        """Media as files of the mail as long as they fit; what does not, or can't be fetched, stays a link."""
        left = self.settings.max_attachment
        kept: list[Part] = []
        files: list[mime.Attachment] = []
        for part in parts:
            found = await self.file(part, left) if isinstance(part, Media) else None
            if not isinstance(part, Media) or found is None:
                kept.append(part)
                continue
            left -= len(found.data)
            content_id = f"{len(files)}.{message_id}" if found.mime.startswith("image/") else ""
            files.append(replace(found, content_id=content_id))
            kept.append(replace(part, url=""))
        return kept, files

    async def file(self, media: Media, most: int) -> mime.Attachment | None:
        found = await attached(media, self.files, self.http, most=most, seconds=self.settings.timeout)
        return mime.Attachment(data=found.data, mime=found.mime, name=found.name) if found else None

    async def typing(self, address: str, on: bool) -> None:
        """Mail has no such thing."""

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to give back."""

    async def setup(self, url: str) -> Sequence[SetupStep]:
        return self.steps(url)

    def steps(self, url: str) -> list[SetupStep]:
        scheme, _, rest = url.partition("://")
        secret = f"{scheme}://{self.settings.hook_user or 'USER'}:PASSWORD@{rest}"
        done = SetupStep(title="Mailbox", text="It is read from now on; nothing is to be registered.", done=True)
        match self.settings.provider:
            case "mailgun":
                text = f"Under Receiving, create a route for {self.settings.address} with the action forward({url!r}); "
                text += f"under Webhooks, add {url} for delivered and permanent failure."
            case "sendgrid":
                text = (
                    f"Under Settings, Inbound Parse, add the host with the destination {secret}; under Mail Settings, "
                )
                text += f"Event Webhook, post to {secret}."
            case "postmark":
                text = (
                    f"In the inbound stream's settings, set the webhook to {secret}; in the outbound stream's, add it "
                )
                text += "for Delivery, Bounce and Spam Complaint."
            case "raw":
                text = f"Have your mail server POST each mail, as message/rfc822, to {secret}."
            case None:
                return [done]
        step = SetupStep(title=f"Webhook of {self.settings.provider}", text=text)
        return [step, done] if self.settings.imap else [step]

    async def check(self, url: str) -> Sequence[Checked]:
        found: list[Checked] = []
        if self.settings.imap is not None:
            found.append(await self.check_imap())
        if self.settings.smtp is not None:
            found.append(await self.check_smtp())
        if self.settings.provider is not None and not url.startswith("https://"):
            found.append(Checked(ok=False, what="The hook's address is not https.", mend="Set [server] public_url."))
        if self.settings.smtp is None and self.settings.provider in APIS:
            found.append(Checked(ok=True, what=f"Mail goes out by the API of {self.settings.provider}."))
        return found

    async def check_imap(self) -> Checked:
        box = self.settings.imap
        assert box is not None
        try:
            async with connected(box, self.settings.address, self.settings.timeout) as imap:
                await imap.select(box.folder)
        except (ImapFailed, OSError, TimeoutError, ValueError) as error:
            mend = (
                "Renew user and password." if getattr(error, "lasting", False) else "Look at host, port and security."
            )
            return Checked(ok=False, what=f"Mailbox {box.folder!r} at {box.host!r}: {error or 'no answer'}", mend=mend)
        idle = "" if "IDLE" in imap.can else "; without IDLE, so new mail is looked for once a minute"
        return Checked(ok=True, what=f"Mailbox {box.folder!r} at {box.host!r} can be read{idle}.")

    async def check_smtp(self) -> Checked:
        server = self.settings.smtp
        assert server is not None
        try:
            async with smtp.Submission(server, self.settings.address, self.settings.timeout).connected():
                return Checked(ok=True, what=f"Mail server {server.host!r} takes our mail.")
        except SendFailed as error:
            return Checked(ok=False, what=str(error), mend="Look at host, port, security, user and password.")
