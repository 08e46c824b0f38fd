"""Forms by link: a page of ours where a customer fills in what their channel can't show, once, until the link expires.

The link holds base64url(claims).base64url(digest): who has it may see the form's questions, and answer them once.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from orchestrator.errors import Conflict, Unauthenticated
from orchestrator.ports import Clock, Records
from orchestrator.signing import sealed
from orchestrator.types import Accepted, Conversation, Form, FormAnswer, Received

PURPOSE = b"parley-web-form-1\0"
"""Keeps these digests apart from whatever else is signed with the server's secret."""
LIFETIME = timedelta(days=7)

Accept = Callable[[str, str, Sequence[Received]], Awaitable[Sequence[Accepted]]]


@dataclass(frozen=True, slots=True)
class FormLink:
    app_id: str
    message_id: str


class FormLinks:
    def __init__(self, secret: str, public_url: str) -> None:
        self.key = hmac.digest(secret.encode(), PURPOSE, "sha256")
        self.public_url = public_url.rstrip("/")

    def address(self, link: FormLink, now: datetime) -> str:
        expires = int((now + LIFETIME).timestamp())
        claims = urlsafe_b64encode(orjson.dumps([link.app_id, link.message_id, expires])).rstrip(b"=")
        return f"{self.public_url}/forms/{claims.decode()}.{self.seal(claims).decode()}"

    def seal(self, claims: bytes) -> bytes:
        return urlsafe_b64encode(sealed(self.key, claims)).rstrip(b"=")

    def read(self, token: str, now: datetime) -> FormLink:
        """Raises Unauthenticated when forged, Conflict when expired."""
        claims, _, seal = token.encode("utf-8", "replace").partition(b".")
        if not hmac.compare_digest(seal, self.seal(claims)):
            raise Unauthenticated("this link was not made by this server")
        try:
            app_id, message_id, expires = orjson.loads(urlsafe_b64decode(claims + b"=" * (-len(claims) % 4)))
        except (binascii.Error, ValueError):
            raise Unauthenticated("this link was not made by this server") from None
        if now.timestamp() >= expires:
            raise Conflict("this link has expired")
        return FormLink(app_id, message_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenForm:
    """`form` as the customer reads it; `token` is what its address ends in."""

    token: str
    form: Form
    language: str
    conversation: Conversation
    message_id: str

    @property
    def external_id(self) -> str:
        """The same for every answer to this form: only the first is kept."""
        return f"form:{self.message_id}"


class WebForms:
    def __init__(self, links: FormLinks, records: Records, clock: Clock, accept: Accept) -> None:
        self.links = links
        self.records = records
        self.clock = clock
        self.accept = accept

    async def open(self, token: str) -> OpenForm:
        """Raises Unauthenticated, NotFound, Conflict: answered already, or expired."""
        link = self.links.read(token, self.clock.now())
        message = await self.records.message(link.app_id, link.message_id)
        conversation = await self.records.conversation(link.app_id, message.conversation_id)
        language = conversation.language.code
        parts = message.translations.get(language, message.parts)
        form = next((part for part in parts if isinstance(part, Form)), None)
        if form is None:
            raise Conflict("there is no form in that message any more")
        found = OpenForm(
            token=token, form=form, language=language, conversation=conversation, message_id=link.message_id
        )
        if await self.records.message_by_external(conversation.channel_id, found.external_id) is not None:
            raise Conflict("this form has been answered")
        return found

    async def answer(self, asked: OpenForm, values: Mapping[str, str]) -> None:
        """Durable when it returns. Raises Conflict when somebody was faster."""
        head = asked.conversation
        answer = FormAnswer(form_id=asked.form.id, values=dict(values), message_id=asked.message_id)
        event = Received(address=head.address, external_id=asked.external_id, parts=(answer,), at=self.clock.now())
        accepted = await self.accept(head.app_id, head.channel_id, [event])
        if any(one.duplicate for one in accepted):
            raise Conflict("this form has been answered")
