"""What connectors read from a platform and what they can show on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from orchestrator.types.customer import Profile
from orchestrator.types.delivery import DeliveryState, Rendering, SendReason
from orchestrator.types.parts import MediaKind, Part

TextUnit = Literal["characters", "utf16", "bytes", "gsm7"]
"""How a platform counts: code points, UTF-16 units, bytes of UTF-8, or septets of SMS. A text that the GSM alphabet
can't write counts 16/7 of its UTF-16 units: a limit of 160 leaves it 70, and any limit about as many segments."""
Markup = Literal["none", "markdown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRequest:
    """An HTTP request as it arrived. Header names are lower case; `body` is the exact bytes."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    url: str = ""
    """As the platform called it, whole: from the configured public URL, never from a header. Signatures cover it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResponse:
    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A customer said something. `external_id` must be the same on every redelivery of it.

    `profile` holds what the platform says of the person, `language` its locale hint, `context`
    the page or cart the message was sent from, `quotes` the platform's id of the message it answers.
    """

    address: str
    external_id: str
    parts: tuple[Part, ...]
    at: datetime
    profile: Profile = field(default_factory=dict)
    context: Mapping[str, Any] | None = None
    language: str = ""
    quotes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A customer opened the conversation without saying anything yet: the bot may greet."""

    address: str
    external_id: str
    at: datetime
    profile: Profile = field(default_factory=dict)
    context: Mapping[str, Any] | None = None
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    """The platform reports on a message we sent; `external_id` is the id it gave us then.

    `tracker` is what we sent along with it (`<outbox id>.<rendering>`), on platforms that give it back: by it a
    message is found whose sending timed out before we learned its id. `reason` of a failure is as in SendFailed:
    some platforms take a message and say only later that the window is closed.
    """

    external_id: str
    state: DeliveryState
    at: datetime
    error: str = ""
    tracker: str = ""
    reason: SendReason = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenUpTo:
    """Everything we sent to this address before `at` has come so far: of platforms that report a watermark, not ids."""

    address: str
    state: Literal["delivered", "read"]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A customer changed a message of theirs; `external_id` is that of the message they changed."""

    address: str
    external_id: str
    parts: tuple[Part, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A customer took a message of theirs back."""

    address: str
    external_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacted:
    """A customer reacted to a message, theirs or ours; an empty `emoji` takes the reaction back."""

    address: str
    external_id: str
    emoji: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Echoed:
    """A person of ours wrote to the customer from the platform's own app: never an echo of what Parley sent."""

    address: str
    external_id: str
    parts: tuple[Part, ...]
    at: datetime
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The customer forbids (STOP, blocked, unfollowed), or allows again, that we write to them."""

    address: str
    allowed: bool
    at: datetime
    reason: str = ""


Inbound = Received | Started | StatusChanged | SeenUpTo | Edited | Deleted | Reacted | Echoed | Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a channel can show natively. A count of 0 means: not at all. Lengths in `unit`."""

    text: int = 4096
    unit: TextUnit = "characters"
    markup: Markup = "none"
    quick_replies: int = 0
    quick_reply_title: int = 20
    quick_reply_text: int = 0
    """Longest text that quick replies stand under, as `button_text` and `list_text` of theirs; 0: as `text`."""
    buttons: int = 0
    button_title: int = 20
    title_unit: TextUnit | None = None
    """Unit of the titles of buttons, quick replies and rows, and of what cards say, where it is not `unit`."""
    button_text: int = 0
    link_buttons: bool = False
    lone_link: bool = False
    """A button that opens a page stands alone: there is no other beside it."""
    list_rows: int = 0
    list_title: int = 24
    list_description: int = 72
    list_text: int = 0
    cards: int = 0
    card_title: int = 80
    card_subtitle: int = 80
    card_buttons: int = 0
    alike_cards: bool = False
    """A carousel has two cards or more, each with a picture and with as many buttons of the same kind as the others."""
    form: bool = False
    location: bool = False
    media: frozenset[MediaKind] = frozenset()
    media_mimes: Mapping[MediaKind, frozenset[str]] = field(default_factory=dict)
    """Types of a kind that are taken, such as "image/png"; a kind that is not named: any."""
    media_bytes: Mapping[MediaKind, int] = field(default_factory=dict)
    """How large a file of a kind may be; a kind that is not named: any size."""
    caption: int = 1024
    payload: int = 1000
    typing: bool = False
    read: bool = False
    templates: bool = False
    window: float = 0.0
    """Seconds after the customer's last message in which free messages may be sent; 0: at any time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReport:
    """How one side of a channel fares, as the process that works on it says: `listening` to it, or `sending`.

    `holder` is that process, `until` when the report is too old to count, `trouble` what is wrong, in words.
    """

    app_id: str
    channel_id: str
    side: Literal["listening", "sending"]
    holder: str
    until: datetime
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What a message lost on its way to a channel: `part` is its index, `what` the kind, `became` the form it took."""

    part: int
    what: str
    became: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenChoice:
    """A choice the customer may still make; `number` when it was shown as numbered text, else 0."""

    title: str
    payload: str
    number: int = 0
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    renderings: tuple[Rendering, ...]
    losses: tuple[Loss, ...] = ()
    choices: tuple[OpenChoice, ...] = ()
