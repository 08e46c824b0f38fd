"""Which thread a mail belongs to: the ids we give ours, and finding them again in an answer.

A conversation is one sender's. Who answers in it from another address is somebody else: what a mail says of its sender
and of what it answers is a claim, and must not open another person's conversation.
"""

import re
from dataclasses import dataclass
from itertools import chain

from connectors.email.mime import Mail
from connectors.email.settings import Settings
from orchestrator.types import Outgoing

OURS = re.compile(r"([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})\.(\d{1,4})@(.+)")
TAG = re.compile(r"([A-Za-z0-9_-]{1,40})\.([A-Za-z0-9_-]{1,40})")
ULID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
LONGEST_LOCAL = 64
PREFIX = re.compile(
    r"\s*(?:(?:re|fwd?|aw|wg|sv|vs|vb|antw|tr|rv|rif|res|enc|odp|ynt|atb|vá|ref|回复|回覆|转发|答复|답장|返信)"
    r"(?:\[\d{1,3}\]|\(\d{1,3}\))?\s?[:：]\s*)+",
    re.IGNORECASE,
)
"""What programs put before a subject that is answered or passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What an answer must name: the mail it answers, those before it (oldest first), and the subject."""

    subject: str = ""
    message_id: str = ""
    references: tuple[str, ...] = ()


def our_id(outgoing: Outgoing, host: str) -> str:
    """The same whenever this rendering is tried: where a first try did arrive, the mailbox knows the second by it."""
    return f"{outgoing.conversation_id}.{outgoing.message_id}.{outgoing.done}@{host}"


def is_ours(message_id: str, host: str) -> bool:
    found = OURS.fullmatch(message_id)
    return found is not None and found[4].lower() == host


def quoted(mail: Mail, settings: Settings) -> str:
    """The id of the mail of ours that this one answers, by its headers or by the address it was sent to; else ""."""
    for message_id in mail.answers:
        if is_ours(message_id, settings.host):
            return message_id
    if settings.plus_address:
        listed = (mail.addresses(name) for name in ("to", "cc", "delivered-to", "x-original-to"))
        for _, address in chain.from_iterable(listed):
            if found := by_tag(address, settings):
                return found
    return ""


def by_tag(address: str, settings: Settings) -> str:
    local, _, host = address.rpartition("@")
    name, _, tag = local.partition("+")
    if f"{name}@{host}" not in settings.own:
        return ""
    found = TAG.fullmatch(tag)
    return f"{known(found[1])}.{known(found[2])}.0@{settings.host}" if found else ""


def known(part: str) -> str:
    """Mail servers may write addresses in lower case; the store's ids are ULIDs, in upper case."""
    return part.upper() if ULID.fullmatch(part) else part


def tagged(outgoing: Outgoing, settings: Settings) -> str:
    """The address answers are asked for at; "" where the plain one must do."""
    local, _, host = settings.address.rpartition("@")
    tag = f"{local}+{outgoing.conversation_id}.{outgoing.message_id}"
    return f"{tag}@{host}" if settings.plus_address and len(tag) <= LONGEST_LOCAL else ""


def context_of(mail: Mail) -> dict[str, object]:
    """What is kept with the conversation, for bots and for the answer."""
    references = list(mail.references)
    return {
        "subject": mail.header("subject")[:500],
        "thread": {"message_id": mail.message_id, "references": references[:1] + references[1:][-19:]},
    }


def thread_of(context: object) -> Thread:
    """Back from a conversation's context, which a page or another channel may have written instead."""
    if not isinstance(context, dict):
        return Thread()
    subject, thread = context.get("subject"), context.get("thread")
    found = thread if isinstance(thread, dict) else {}
    listed = found.get("references")
    return Thread(
        subject=one_line(subject),
        message_id=bare_id(found.get("message_id")),
        references=tuple(filter(None, map(bare_id, listed if isinstance(listed, list) else ())))[:20],
    )


def one_line(value: object) -> str:
    return " ".join(value.split())[:200] if isinstance(value, str) else ""


def bare_id(value: object) -> str:
    """An id that can stand in a header as it is."""
    return value if isinstance(value, str) and re.fullmatch(r"[!-;=?-~]{1,250}", value) else ""


def answering(subject: str) -> str:
    """ "Re: …", once."""
    bare = PREFIX.sub("", subject, count=1)
    return f"Re: {bare}" if bare else ""
