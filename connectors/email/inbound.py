"""A mail as what its sender said."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from connectors.email.loops import automatic
from connectors.email.mime import Attachment, Mail
from connectors.email.reply import said
from connectors.email.reports import reported
from connectors.email.settings import Settings
from connectors.email.threads import context_of, quoted
from orchestrator.errors import NotFound, TooLarge, Unavailable
from orchestrator.incoming import media_kind
from orchestrator.types import Fetched, Inbound, Media, Part, Profile, Received, Text, Unsupported

OLDEST = timedelta(days=2)
MOST_FILES = 20
DECORATION = 5_000
"""Bytes of a picture within the text that is a logo, a line or a beacon."""
MOST_KEPT = 256 * 1024 * 1024

Name = Callable[[int], str]
"""The handle of a mail's n-th file."""


class Shelf:
    """Files of mails that were just read, until the engine has fetched them; the oldest go when it is full."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self.most = most
        self.size = 0
        self.files: OrderedDict[str, Fetched] = OrderedDict()

    def put(self, handle: str, file: Fetched) -> None:
        """Raises Unavailable for more than fits at all."""
        if len(file.data) > self.most:
            raise Unavailable("this mail's files don't fit into memory")
        self.drop(handle)
        self.files[handle] = file
        self.size += len(file.data)
        while self.size > self.most:
            self.drop(next(iter(self.files)))

    def drop(self, handle: str) -> None:
        if (old := self.files.pop(handle, None)) is not None:
            self.size -= len(old.data)

    def get(self, handle: str, max_bytes: int) -> Fetched:
        """Raises NotFound, TooLarge."""
        file = self.files.get(handle)
        if file is None:
            raise NotFound("this file is no longer here; the mail itself still has it")
        if len(file.data) > max_bytes:
            raise TooLarge(f"file {file.name!r} has {len(file.data)} bytes; {max_bytes} are allowed")
        return file


def by_content(mail: Mail) -> Name:
    """Handles for a mail that is nowhere but in a request: the same whenever it comes again."""
    digest = hashlib.blake2b(repr((mail.message_id, mail.sender, mail.text)).encode("utf-8", "replace"), digest_size=12)
    for file in mail.attachments:
        digest.update(hashlib.blake2b(file.data, digest_size=12).digest())
    return lambda index: f"{digest.hexdigest()}.{index}"


def events(mail: Mail, settings: Settings, shelf: Shelf, now: datetime, name: Name | None = None) -> list[Inbound]:
    """What came of a mail: a report on one of ours, something a person said, or nothing to be answered."""
    report = reported(mail, settings.host, now)
    if report is not None:
        return [report]
    if automatic(mail, settings.own, settings.forms):
        return []
    address, called = author(mail, settings)
    return [
        Received(
            address=address,
            external_id=mail.message_id or "mail-" + by_content(mail)(0),
            parts=parts(mail, shelf, name or by_content(mail)),
            at=happened(mail, now),
            profile=profile(mail, settings, address, called),
            context=context_of(mail),
            language=language(mail),
            quotes=quoted(mail, settings),
        )
    ]


def author(mail: Mail, settings: Settings) -> tuple[str, str]:
    """Address and name. Reply-To counts for the shop's own forms alone: with it, who writes under a stolen From could
    have the answers sent to themselves."""
    called, address = mail.sender
    if address in settings.forms:
        for other, named in mail.addresses("reply-to"):
            called, address = other, named
            break
    return address, called


def profile(mail: Mail, settings: Settings, address: str, called: str) -> Profile:
    """Who they say they are; `verified` only when our own mail server vouches for it."""
    known: dict[str, str | int | float | bool | None] = {"email": address}
    if called:
        known["name"] = called[:100]
    if settings.trusted_authserv and address == mail.sender[1] and authenticated(mail, settings.trusted_authserv):
        known["verified"] = True
    return known


def authenticated(mail: Mail, authserv: str) -> bool:
    """By DMARC, which holds the sender people see against SPF and DKIM. Our own server puts its header on top and takes
    out forged ones of its name (RFC 8601 5); those further down came with the mail."""
    top = mail.header("authentication-results")
    name, _, results = top.partition(";")
    if name.split(" ")[0].strip().lower() != authserv.lower():
        return False
    domain = mail.sender[1].rpartition("@")[2]
    for result in results.split(";"):
        words = result.lower().split()
        if words and words[0] == "dmarc=pass":
            return f"header.from={domain}" in words or not any(word.startswith("header.from=") for word in words)
    return False


def language(mail: Mail) -> str:
    found = mail.header("content-language").split(",")[0].strip()
    return found if 2 <= len(found) <= 20 and found.replace("-", "").isalnum() and found.isascii() else ""


def happened(mail: Mail, now: datetime) -> datetime:
    """What a mail says of its time is a claim: within the last two days it is believed."""
    at = mail.at
    try:
        return at if at is not None and now - OLDEST <= at <= now else now
    except OverflowError:
        return now


def parts(mail: Mail, shelf: Shelf, name: Name) -> tuple[Part, ...]:
    found: list[Part] = []
    if words := said(mail.text, files=bool(mail.attachments)):
        found.append(Text(text=words))
    elif mail.header("subject") and not mail.attachments:
        found.append(Text(text=mail.header("subject")[:500]))
    if mail.unreadable:
        found.append(Unsupported(what="mail", note=mail.unreadable))
    for index, file in enumerate(wanted(mail.attachments)):
        if not name(index).startswith("/"):
            shelf.put(name(index), Fetched(data=file.data, mime=file.mime, name=file.name))
        found.append(media(file, name(index)))
    if len(mail.attachments) > MOST_FILES:
        found.append(Unsupported(what="attachments", note=f"only the first {MOST_FILES} were kept"))
    return tuple(found) or (Unsupported(what="mail", note="it is empty"),)


def wanted(files: Sequence[Attachment]) -> list[Attachment]:
    kept = [file for file in files if not (file.content_id and file.mime.startswith("image/") and small(file))]
    return [file for file in kept if file.data][:MOST_FILES]


def small(file: Attachment) -> bool:
    return len(file.data) < DECORATION


def media(file: Attachment, handle: str) -> Media:
    return Media(url=f"ref:{handle}", media=media_kind(file.mime), mime=file.mime, name=file.name, size=len(file.data))
