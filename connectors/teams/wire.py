"""Activities: what the Bot Framework posts (Bot Framework Activity schema, 3.1), as what customers did."""

import hashlib
import html
import mimetypes
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from orchestrator import codec
from orchestrator.errors import Malformed
from orchestrator.incoming import media_kind
from orchestrator.types import Media, MediaKind, Part, Text, Unsupported

FILE = "application/vnd.microsoft.teams.file.download.info"
MOST_ATTACHMENTS = 50
AT = re.compile(r"</?at\b[^<>]*>", re.IGNORECASE)
TAG = re.compile(r"<[^<>]*>")
REPLY = re.compile(r'<blockquote\b[^<>]*\bitemid="([^"<>]{1,200})"', re.IGNORECASE)
SEPARATOR = "|"


def words(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)


def listed(value: Any) -> list[Any]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapped(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


Words = Annotated[str, BeforeValidator(words)]
Table = Annotated[dict[str, Any], BeforeValidator(mapped)]
Flag = Annotated[bool, BeforeValidator(lambda value: value is True)]


class Loose(BaseModel):
    """Tolerant: unknown fields are passed over, fields of another type are empty."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Account(Loose):
    id: Words = ""
    name: Words = ""
    aad_object_id: Words = ""


class Conversation(Loose):
    id: Words = ""
    conversation_type: Words = ""
    tenant_id: Words = ""
    is_group: Flag = False


class Attachment(Loose):
    content_type: Words = ""
    content_url: Words = ""
    name: Words = ""
    content: Any = None


Accounts = Annotated[tuple[Account, ...], BeforeValidator(listed)]
Tables = Annotated[tuple[dict[str, Any], ...], BeforeValidator(listed)]


class Activity(Loose):
    type: Words = ""
    name: Words = ""
    id: Words = ""
    timestamp: Words = ""
    channel_id: Words = ""
    service_url: Words = ""
    action: Words = ""
    sender: Annotated[Account, BeforeValidator(mapped)] = Field(Account(), alias="from")
    recipient: Annotated[Account, BeforeValidator(mapped)] = Account()
    conversation: Annotated[Conversation, BeforeValidator(mapped)] = Conversation()
    text: Words = ""
    locale: Words = ""
    reply_to_id: Words = ""
    attachments: Annotated[tuple[Attachment, ...], BeforeValidator(listed)] = ()
    entities: Tables = ()
    members_added: Accounts = ()
    reactions_added: Tables = ()
    reactions_removed: Tables = ()
    channel_data: Table = Field(default_factory=dict)
    value: Any = None
    digest: str = ""
    """Of the body: stands in for an id where there is none."""

    @property
    def address(self) -> str:
        """The conversation and where its service is: all that is needed to write to it, also after a restart."""
        where = self.conversation.id or self.sender.id or self.channel_id
        return f"{where}{SEPARATOR}{self.service_url}" if self.service_url else where

    @property
    def unique(self) -> str:
        """Ids are unique within a conversation only."""
        return self.named(self.id or self.digest)

    def named(self, message: str) -> str:
        return f"{self.conversation.id}:{message}" if message else ""

    @property
    def personal(self) -> bool:
        kind = self.conversation.conversation_type
        return (
            kind == "personal" if kind else not (self.conversation.is_group or self.conversation.id.startswith("19:"))
        )

    @property
    def tenant(self) -> str:
        return self.conversation.tenant_id or words(mapped(self.channel_data.get("tenant")).get("id"))


@lru_cache(maxsize=16)
def read(body: bytes) -> Activity:
    """Raises Malformed. Kept for the length of a request, which is looked at three times."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("the body is not JSON") from None
    if not isinstance(found, dict):
        raise Malformed("the body is not an activity")
    try:
        activity = Activity.model_validate(found)
    except ValidationError as error:
        raise Malformed(codec.problems("activity", error)) from None
    return activity if activity.id else activity.model_copy(update={"digest": hashlib.sha256(body).hexdigest()[:32]})


def split(address: str) -> tuple[str, str]:
    """The conversation, and its service's address or ""."""
    conversation, _, service = address.partition(SEPARATOR)
    return conversation, service


def moment(activity: Activity, now: datetime) -> datetime:
    """Never later than now."""
    try:
        at = datetime.fromisoformat(activity.timestamp)
    except ValueError:
        return now
    return min(at if at.tzinfo else at.replace(tzinfo=UTC), now)


def mentioned(activity: Activity) -> bool:
    """Whether the bot is addressed by name."""
    own = activity.recipient.id
    mentions = (each for each in activity.entities if each.get("type") == "mention")
    return any(words(mapped(each.get("mentioned")).get("id")) == own for each in mentions) if own else False


def spoken(activity: Activity) -> str:
    """Words without the bot's name, which is address and not content; other people's names without their tags."""
    text = activity.text
    for entity in activity.entities:
        said = words(entity.get("text"))
        if entity.get("type") == "mention" and said and is_own(activity, entity):
            text = text.replace(said, " ")
    text = AT.sub("", text).replace("&nbsp;", " ").replace("\xa0", " ").replace("\0", "")
    return re.sub(r"[ \t]{2,}", " ", text).strip() or markup_text(activity)


def is_own(activity: Activity, entity: dict[str, Any]) -> bool:
    return words(mapped(entity.get("mentioned")).get("id")) == activity.recipient.id


def markup_text(activity: Activity) -> str:
    """The words of the HTML copy, where they came in that form only."""
    if activity.text.strip() or not (copy := copied(activity)):
        return ""
    return html.unescape(TAG.sub(" ", copy)).replace("\0", "").strip()


def copied(activity: Activity) -> str:
    found = (each.content for each in activity.attachments if each.content_type == "text/html")
    return next((each for each in found if isinstance(each, str)), "")


def quoted(activity: Activity) -> str:
    """The message that this one answers, where Teams tells: in the HTML copy."""
    found = REPLY.search(copied(activity))
    return activity.named(found[1]) if found else ""


def enclosed(activity: Activity) -> Sequence[Part]:
    return [part for each in activity.attachments[:MOST_ATTACHMENTS] if (part := attachment(each)) is not None]


def attachment(found: Attachment) -> Part | None:
    """None for the copy of the text. Files' links die in minutes, pictures want our token: both are fetched at once."""
    if found.content_type == "text/html":
        return None
    if found.content_type == FILE:
        content = mapped(found.content)
        name = found.name or words(content.get("uniqueId"))
        mime = mimetypes.guess_type(f"x.{words(content.get('fileType'))}")[0] or mimetypes.guess_type(name)[0] or ""
        return media(words(content.get("downloadUrl")) or found.content_url, mime, name)
    if found.content_url:
        mime = found.content_type if "*" not in found.content_type else ""
        return media(found.content_url, mime, found.name, picture=found.content_type.startswith("image/"))
    return Unsupported(what=found.content_type[:80] or "attachment")


def media(url: str, mime: str, name: str, *, picture: bool = False) -> Part:
    if not url.startswith(("https://", "http://")):
        return Unsupported(what="file", note="its address does not start with https://")
    kind: MediaKind = "image" if picture and mime != "image/gif" else media_kind(mime)
    return Media(url=f"ref:{url}", media=kind, mime=mime[:100], name=name[:200])


def plain_text(text: str) -> tuple[Part, ...]:
    return (Text(text=text),) if text else ()
