"""A conversation that goes on elsewhere: whose addresses are one person's, by verified facts alone; where to answer.

Names and what somebody merely claims never link anything. What does: a one-time code, given in one conversation and
sent from the other address; an address that is itself a verified fact of the profile; an outside system with the key.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from orchestrator.copies import replace
from orchestrator.engine.app import App, Channel
from orchestrator.engine.compose import Speech
from orchestrator.engine.desk import Desk
from orchestrator.errors import Conflict, Forbidden, Malformed, NotFound
from orchestrator.ports import Clock, People, Records
from orchestrator.types import (
    Conversation,
    Handoff,
    Identity,
    LinkChange,
    LinkCode,
    LinkEvidence,
    Loaded,
    Profile,
    Received,
    Text,
)

log = structlog.get_logger("parley.people")

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without letters and digits that are mistaken for each other."""
LENGTH = 8
LIFETIME = timedelta(minutes=15)
CODE = re.compile(rf"\bGO-([{ALPHABET}]{{{LENGTH}}})\b", re.IGNORECASE)
LONGEST_AROUND = 200
"""A message that is longer holds no code, but perhaps a customer's words."""
REACHED_BY: Mapping[str, tuple[LinkEvidence, str]] = {
    "email": ("verified_email", "email"),
    "twilio": ("verified_phone", "phone"),
    "whatsapp": ("verified_phone", "phone"),
}
"""By kind of channel, the fact of a profile that is an address there."""
PURPOSE = b"parley-link-code-1\0"


class Continuing:
    def __init__(self, people: People, records: Records, desk: Desk, clock: Clock, secret: str) -> None:
        self.people = people
        self.records = records
        self.desk = desk
        self.clock = clock
        self.key = hmac.digest(secret.encode(), PURPOSE, "sha256")

    async def invite(self, app_id: str, conversation_id: str, by: str) -> tuple[str, datetime]:
        """A code the person may send from another address, and until when. It works once. Raises NotFound."""
        await self.records.conversation(app_id, conversation_id)
        word = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        expires = self.clock.now() + LIFETIME
        await self.people.keep_code(
            LinkCode(
                digest=self.digest(word), app_id=app_id, conversation_id=conversation_id, by=by, expires_at=expires
            )
        )
        return f"GO-{word}", expires

    def digest(self, word: str) -> str:
        return hmac.digest(self.key, word.upper().encode(), "sha256").hex()

    async def redeemed(self, app: App, channel: Channel, event: Received) -> bool:
        """Whether the message was a code: then the conversation it was given in goes on at this address."""
        word = code_in(event)
        if not word:
            return False
        change_id = made_of(channel.id, event.external_id)
        before = await self.people.identity(channel.id, event.address)
        found = await self.people.code(self.digest(word), self.clock.now())
        if found is None or found.app_id != app.id:
            return before is not None and await self.happened(app.id, before.customer_id, change_id)
        conversation = await self.records.conversation(app.id, found.conversation_id)
        after = place(app.id, channel.id, event.address, conversation)
        change = LinkChange(
            id=change_id, app_id=app.id, at=self.clock.now(), evidence="code", by=found.by, before=before, after=after
        )
        try:
            await self.people.link(change, code=found.digest)
        except (NotFound, Conflict):
            # Somebody else's message with the same code was a moment faster.
            return False
        log.info(
            "an address was linked by a code", app_id=app.id, channel_id=channel.id, conversation_id=conversation.id
        )
        await self.follow(app.id, conversation.id, channel.id, event.address, welcome=True)
        return True

    async def happened(self, app_id: str, customer_id: str, change_id: str) -> bool:
        """Whether this very message has linked the address before: a platform delivers twice."""
        return any(change.id == change_id for change in await self.people.changes(app_id, customer_id))

    async def follow(
        self, app_id: str, conversation_id: str, channel_id: str, address: str, *, welcome: bool = False
    ) -> Conversation:
        """From now on the person is answered there."""

        async def change(app: App, loaded: Loaded, speech: Speech) -> tuple[Conversation, Handoff | None]:
            moved = replace(loaded.conversation, channel_id=channel_id, address=address)
            if welcome:
                await self.desk.composer.notice(app, moved, "continued", speech)
            return moved, None

        return (await self.desk.change(app_id, conversation_id, change)).conversation

    async def continue_on(self, app_id: str, conversation_id: str, channel_id: str, by: str) -> Conversation:
        """Answer on a channel whose address the profile holds as a verified fact.

        Raises Forbidden when it holds none, or only what somebody claimed.
        """
        app = self.desk.app(app_id)
        channel = app.channel(channel_id)
        conversation = await self.records.conversation(app_id, conversation_id)
        known = await self.people.identities(app_id, conversation.customer_id)
        own = next((one for one in known if one.channel_id == channel.id), None)
        if own is not None:
            return await self.take(app_id, conversation, own, own.address, channel.id, "known", by)
        facts = await self.people.vouched(app_id, conversation.customer_id)
        evidence, address = contact(facts, channel.settings.kind)
        before = await self.people.identity(channel.id, address)
        return await self.take(app_id, conversation, before, address, channel.id, evidence, by)

    async def take(
        self,
        app_id: str,
        conversation: Conversation,
        before: Identity | None,
        address: str,
        channel_id: str,
        evidence: LinkEvidence,
        by: str,
    ) -> Conversation:
        after = place(app_id, channel_id, address, conversation)
        if before != after:
            change = LinkChange(
                id=self.clock.new_id(),
                app_id=app_id,
                at=self.clock.now(),
                evidence=evidence,
                by=by,
                before=before,
                after=after,
            )
            await self.people.link(change)
        return await self.follow(app_id, conversation.id, channel_id, address)

    async def link(self, app_id: str, customer_id: str, channel_id: str, address: str, by: str) -> LinkChange:
        """An outside system knows that an address is this person's. Its conversations stay apart. Raises NotFound."""
        self.desk.app(app_id).channel(channel_id)
        await self.records.customer(app_id, customer_id)
        before = await self.people.identity(channel_id, address)
        if before is None:
            raise NotFound(f"nobody has written from {address!r} on channel {channel_id!r}")
        if before.customer_id == customer_id:
            raise Conflict(f"{address!r} is this customer's already")
        return await self.people.link(
            LinkChange(
                id=self.clock.new_id(),
                app_id=app_id,
                at=self.clock.now(),
                evidence="api",
                by=by,
                before=before,
                after=replace(before, customer_id=customer_id),
            )
        )

    async def undo(self, app_id: str, change_id: str, by: str) -> LinkChange:
        """Each address is whose it was. A conversation that is answered there goes back to an address of its own."""
        undone = await self.people.undo(app_id, change_id, self.clock.now(), by)
        after = undone.after
        conversation = await self.records.conversation(app_id, after.conversation_id)
        if (conversation.channel_id, conversation.address) == (after.channel_id, after.address):
            left = await self.people.identities(app_id, conversation.customer_id)
            home = next((one for one in left if one.conversation_id == conversation.id), None)
            if home is not None:
                await self.follow(app_id, conversation.id, home.channel_id, home.address)
        return undone

    async def identities(self, app_id: str, customer_id: str) -> Sequence[Identity]:
        return await self.people.identities(app_id, customer_id)

    async def changes(self, app_id: str, customer_id: str) -> Sequence[LinkChange]:
        return await self.people.changes(app_id, customer_id)


def code_in(event: Received) -> str:
    """The code of a message that is one, with a few words around it perhaps; "" when there is none."""
    if len(event.parts) != 1 or not isinstance(event.parts[0], Text) or len(event.parts[0].text) > LONGEST_AROUND:
        return ""
    found = CODE.search(event.parts[0].text)
    return found[1].upper() if found else ""


def made_of(channel_id: str, external_id: str) -> str:
    """The change a message makes has an id of its own: delivered again, it has happened already."""
    return hashlib.sha256(f"{channel_id}\0{external_id}".encode()).hexdigest()[:32]


def place(app_id: str, channel_id: str, address: str, conversation: Conversation) -> Identity:
    return Identity(
        app_id=app_id,
        channel_id=channel_id,
        address=address,
        customer_id=conversation.customer_id,
        conversation_id=conversation.id,
    )


def contact(vouched: Profile, kind: str) -> tuple[LinkEvidence, str]:
    """The address that somebody vouched for, for that kind of channel. Raises Forbidden, Malformed."""
    if kind not in REACHED_BY:
        raise Malformed(f"a profile holds no address for a channel of kind {kind!r}; send a link code instead")
    evidence, fact = REACHED_BY[kind]
    address = str(vouched.get(fact) or "").strip()
    if not address:
        raise Forbidden(f"nobody has vouched for this customer's {fact}; send them a link code instead")
    return evidence, address
