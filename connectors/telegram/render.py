"""Parts as calls of the Bot API: one each, but for an album."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.telegram.places import Place
from orchestrator import markup
from orchestrator.errors import SendFailed
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    ListPicker,
    Location,
    Media,
    MediaKind,
    Part,
    QuickReplies,
    Text,
)

METHODS: Mapping[MediaKind, tuple[str, str]] = {
    "image": ("sendPhoto", "photo"),
    "gif": ("sendAnimation", "animation"),
    "audio": ("sendAudio", "audio"),
    "video": ("sendVideo", "video"),
    "file": ("sendDocument", "document"),
}
AS_VOICE = frozenset({"audio/ogg", "audio/opus", "audio/webm"})
PHOTOS = frozenset({"", "image/jpeg", "image/png", "image/webp"})
LARGEST_PHOTO = 10_000_000
SONGS = frozenset({"", "audio/mpeg", "audio/mp3", "audio/mp4", "audio/x-m4a", "audio/m4a", "audio/aac"})
MOVIES = frozenset({"", "video/mp4"})
ALBUM = {"image": "photo", "video": "video", "audio": "audio", "file": "document"}

WIDEST_ROW = 34
"""Characters of the buttons in one row that a narrow telephone shows whole."""
MOST_IN_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`plain` are the fields that say the same without markup; `media` is what `field` holds the address of."""

    method: str
    fields: Mapping[str, Any]
    plain: Mapping[str, Any] | None = None
    media: Media | None = None
    field: str = ""
    links: tuple[Button, ...] = ()

    def with_fields(self, **more: Any) -> "Call":
        plain = {**self.plain, **more} if self.plain is not None else None
        return replace(self, fields={**self.fields, **more}, plain=plain)


def calls(parts: Sequence[Part], place: Place) -> list[Call]:
    """Raises SendFailed for what no rendering for Telegram holds."""
    media = [part for part in parts if isinstance(part, Media)]
    if 2 <= len(media) <= 10 and len(media) == len(parts) and len({family(each) for each in media}) == 1:
        return [album(media, place)]
    return [call for part in parts for call in of(part, place)]


def of(part: Part, place: Place) -> list[Call]:
    match part:
        case Text():
            return [text(part, place)]
        case Media():
            return [sent(part, place)]
        case Location():
            return [location(part, place)]
        case Buttons(buttons=buttons):
            return [keyed(part.text, buttons, place)]
        case QuickReplies(choices=choices):
            return [suggested(part.text, choices, place)]
        case ListPicker(choices=choices):
            return [keyed(part.text, [Button(title=one.title, payload=one.payload) for one in choices], place)]
        case Carousel(cards=cards):
            return [carded(card, place) for card in cards]
        case _:
            raise SendFailed(f"telegram can't show a {part.kind!r} as it is: it has to be fitted", retryable=False)


def text(part: Text, place: Place) -> Call:
    if not part.markdown:
        return Call(method="sendMessage", fields={**place.fields, "text": part.text})
    html = {**place.fields, "text": markup.to_telegram_html(part.text), "parse_mode": "HTML"}
    plain = {**place.fields, "text": markup.plain(part.text) or part.text}
    return Call(method="sendMessage", fields=html, plain=plain)


def keyed(words: str, buttons: Sequence[Button], place: Place) -> Call:
    """Pages that no button of Telegram's opens (mailto:, tel:) are written out below the words."""
    tapped = [one for one in buttons if not one.url or one.url.startswith(("https://", "http://"))]
    written = [f"{one.title}: {one.url}" for one in buttons if one not in tapped]
    fields = {**place.fields, "text": "\n".join(filter(None, [words, *written])) or "…"}
    return Call(
        method="sendMessage",
        fields=fields | keyboard(tapped),
        links=tuple(one for one in tapped if one.url),
    )


def keyboard(buttons: Sequence[Button]) -> dict[str, Any]:
    keys = [
        {"text": one.title, "url": one.url} if one.url else {"text": one.title, "callback_data": one.payload}
        for one in buttons
    ]
    return {"reply_markup": {"inline_keyboard": rows(keys)}} if keys else {}


def suggested(words: str, choices: Sequence[Choice], place: Place) -> Call:
    """A tap sends the title, as if typed. In a group the keyboard is shown to whoever is answered only."""
    markup: dict[str, Any] = {
        "keyboard": rows([{"text": choice.title} for choice in choices]),
        "resize_keyboard": True,
        "one_time_keyboard": True,
    }
    if place.group:
        markup["selective"] = True
    return Call(method="sendMessage", fields={**place.fields, "text": words or "…", "reply_markup": markup})


def rows(keys: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Side by side as long as all of them can be read."""
    found: list[list[dict[str, Any]]] = []
    for key in keys:
        wide = sum(len(str(other["text"])) + 4 for other in found[-1]) + len(str(key["text"])) if found else 0
        if found and len(found[-1]) < MOST_IN_ROW and wide <= WIDEST_ROW:
            found[-1].append(key)
        else:
            found.append([key])
    return found


def location(part: Location, place: Place) -> Call:
    where = {**place.fields, "latitude": part.latitude, "longitude": part.longitude}
    if not part.name and not part.address:
        return Call(method="sendLocation", fields=where)
    named = {"title": part.name or part.address, "address": part.address or part.name}
    return Call(method="sendVenue", fields=where | named)


def sent(part: Media, place: Place) -> Call:
    method, name = method_of(part)
    caption = {"caption": part.alt} if part.alt else {}
    return Call(method=method, fields={**place.fields, name: part.url, **caption}, media=part, field=name)


def method_of(part: Media) -> tuple[str, str]:
    """Telegram takes few formats as what they are; the others go as documents."""
    mime = part.mime.partition(";")[0].strip().lower()
    match part.media:
        case "audio" if mime in AS_VOICE:
            return "sendVoice", "voice"
        case "image" if mime not in PHOTOS or part.size > LARGEST_PHOTO:
            return METHODS["file"]
        case "audio" if mime not in SONGS:
            return METHODS["file"]
        case "video" if mime not in MOVIES:
            return METHODS["file"]
        case _:
            return METHODS[part.media]


def as_document(call: Call) -> Call:
    fields = {("document" if name == call.field else name): value for name, value in call.fields.items()}
    return replace(call, method="sendDocument", fields=fields, field="document")


def family(part: Media) -> str:
    """Pictures and films may stand in one album; songs and documents among themselves."""
    return "seen" if part.media in ("image", "video") else part.media


def album(media: Sequence[Media], place: Place) -> Call:
    items = [
        {"type": ALBUM.get(each.media, "document"), "media": each.url, **({"caption": each.alt} if each.alt else {})}
        for each in media
    ]
    return Call(method="sendMediaGroup", fields={**place.fields, "media": items})


def carded(card: Card, place: Place) -> Call:
    """A picture with the card's words and buttons under it."""
    words = "\n".join(filter(None, (card.title, card.subtitle)))
    call = keyed(words, card.buttons, place)
    if not card.image:
        return call
    picture = Media(url=card.image, media="image", alt=card.alt)
    fields = {("caption" if name == "text" else name): value for name, value in call.fields.items()}
    return replace(call, method="sendPhoto", fields={**fields, "photo": card.image}, media=picture, field="photo")


def without_links(call: Call) -> Call:
    """For when Telegram does not like where a button leads: the pages are written out instead."""
    name = "caption" if "caption" in call.fields else "text"
    written = "\n".join([str(call.fields.get(name, "")), *(f"{one.title}: {one.url}" for one in call.links)])
    kept = call.fields.get("reply_markup", {}).get("inline_keyboard", [])
    keys = [[key for key in row if "url" not in key] for row in kept]
    fields = {**call.fields, name: written, "reply_markup": {"inline_keyboard": [row for row in keys if row]}}
    return replace(call, fields=fields, links=())


def as_link(call: Call) -> Call:
    """For media that Telegram does not take in any way."""
    media = call.media
    assert media is not None
    caption = str(call.fields.get("caption", "")) or media.alt or media.name
    kept = {name: value for name, value in call.fields.items() if name not in ("caption", call.field)}
    return Call(method="sendMessage", fields={**kept, "text": "\n".join(filter(None, (caption, media.url)))})
