"""Parts: the pieces a message is made of. `kind` is the discriminator on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MediaKind = Literal["image", "gif", "audio", "video", "file"]
FieldKind = Literal["text", "email", "phone", "number", "date", "select"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """`markdown` is the safe subset: emphasis, code, links, lists, line breaks; never HTML."""

    text: str
    markdown: bool = False
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """`url` is absolute, or a path below the server's public URL; `size` in bytes, 0 when unknown."""

    url: str
    media: MediaKind = "file"
    mime: str = ""
    name: str = ""
    size: int = 0
    alt: str = ""
    kind: Literal["media"] = "media"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """WGS 84 degrees."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""
    kind: Literal["location"] = "location"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Either `payload` (the customer's tap comes back as a Tap) or `url` (opens a page)."""

    title: str
    payload: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buttons:
    """Buttons that stay in the thread, under an optional text."""

    buttons: tuple[Button, ...]
    text: str = ""
    kind: Literal["buttons"] = "buttons"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    title: str
    payload: str
    description: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickReplies:
    """Suggestions that go away with the customer's next message."""

    choices: tuple[Choice, ...]
    text: str = ""
    kind: Literal["quick_replies"] = "quick_replies"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPicker:
    choices: tuple[Choice, ...]
    text: str = ""
    button: str = ""
    kind: Literal["list"] = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    title: str
    subtitle: str = ""
    image: str = ""
    alt: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carousel:
    cards: tuple[Card, ...]
    kind: Literal["carousel"] = "carousel"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """`name` is the key in the answer; `options` only for `select`."""

    name: str
    label: str
    type: FieldKind = "text"
    required: bool = True
    placeholder: str = ""
    options: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    id: str
    fields: tuple[FormField, ...]
    title: str = ""
    submit: str = ""
    kind: Literal["form"] = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """The customer chose a button, quick reply or row; `message_id` is what offered it, if known."""

    payload: str
    title: str = ""
    message_id: str = ""
    kind: Literal["tap"] = "tap"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAnswer:
    form_id: str
    values: Mapping[str, str] = field(default_factory=dict)
    message_id: str = ""
    kind: Literal["form_answer"] = "form_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A message the platform has approved beforehand, such as may be sent outside a window.

    `values` fill its placeholders, by name or by number from "1"; `text` says the same where there are no templates.
    """

    name: str
    language: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    kind: Literal["template"] = "template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """Something the platform sent that Parley has no Part for; `what` is the platform's own name of it."""

    what: str
    note: str = ""
    kind: Literal["unsupported"] = "unsupported"


Part = (
    Text
    | Media
    | Location
    | Buttons
    | QuickReplies
    | ListPicker
    | Carousel
    | Form
    | Template
    | Tap
    | FormAnswer
    | Unsupported
)
