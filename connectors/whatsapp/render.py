"""From a part to the body of a WhatsApp message.

developers.facebook.com/docs/whatsapp/cloud-api/reference/messages and …/guides/send-messages. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from connectors.whatsapp.settings import Settings
from orchestrator import markup
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Form,
    FormAnswer,
    ListPicker,
    Location,
    Media,
    Part,
    QuickReplies,
    Tap,
    Template,
    Text,
    Unsupported,
)

Json = dict[str, Any]

LINK = re.compile(r"https?://\S", re.IGNORECASE)
PERSON_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]+")
"""A business-scoped user id: a country and letters or digits; a phone number has digits only."""


def message(address: str, body: Json, tracker: str) -> Json:
    to = {"recipient": address} if PERSON_ID.fullmatch(address) else {"to": address}
    head = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    return {**head, **to, **body, "biz_opaque_callback_data": tracker}


def body(part: Part, settings: Settings, file: Json | None = None) -> Json:
    """`file` is where the bytes of a Media are, if not at its own link: `{"id": …}`."""
    match part:
        case Text():
            return text(markup.to_whatsapp(part.text) if part.markdown else part.text, settings)
        case Media():
            return media(part, file or {"link": part.url})
        case Location():
            return location(part)
        case Form():
            return form(part, settings)
        case Template():
            return template(part, settings)
        case Tap() | FormAnswer() | Unsupported():
            return text(echoed(part), settings)
        case _:
            return offered(part, settings)


def offered(part: Buttons | QuickReplies | ListPicker | Carousel, settings: Settings) -> Json:
    match part:
        case Buttons():
            return buttons(part, settings)
        case QuickReplies():
            return replies(part.text, part.choices)
        case ListPicker():
            return rows(part.text, part.button or settings.list_button, part.choices)
        case Carousel():
            return carousel(part, settings)
        case _:
            assert_never(part)


def text(words: str, settings: Settings) -> Json:
    return {"type": "text", "text": {"body": words, "preview_url": settings.previews and bool(LINK.search(words))}}


def media(part: Media, file: Json) -> Json:
    kind = part.media if part.media in ("image", "audio", "video") else "document"
    content = dict(file)
    if kind != "audio" and part.alt:
        content["caption"] = part.alt
    if kind == "document" and part.name:
        content["filename"] = part.name
    return {"type": kind, kind: content}


def location(part: Location) -> Json:
    named = {key: value for key, value in (("name", part.name), ("address", part.address)) if value}
    return {"type": "location", "location": {"latitude": part.latitude, "longitude": part.longitude, **named}}


def interactive(kind: str, words: str, action: Json) -> Json:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": words}, "action": action}}


def reply(id: str, title: str) -> Json:
    return {"type": "reply", "reply": {"id": id, "title": title}}


def replies(words: str, choices: Sequence[Choice] | Sequence[Button]) -> Json:
    return interactive("button", words, {"buttons": [reply(one.payload, one.title) for one in choices]})


def buttons(part: Buttons, settings: Settings) -> Json:
    """Replies, or one link; both together WhatsApp does not have: then the links are written out."""
    links = [button for button in part.buttons if button.url]
    answers = [button for button in part.buttons if not button.url]
    if len(links) == 1 and not answers:
        return interactive("cta_url", part.text or links[0].title, opening(links[0]))
    words = "\n".join(filter(None, (part.text, *(f"{link.title}: {link.url}" for link in links))))
    return replies(words, answers) if answers else text(words, settings)


def opening(button: Button) -> Json:
    return {"name": "cta_url", "parameters": {"display_text": button.title, "url": button.url}}


def rows(words: str, opener: str, choices: Sequence[Choice]) -> Json:
    return interactive("list", words, {"button": opener, "sections": [{"rows": [row(choice) for choice in choices]}]})


def row(choice: Choice) -> Json:
    described = {"description": choice.description} if choice.description else {}
    return {"id": choice.payload, "title": choice.title, **described}


def carousel(part: Carousel, settings: Settings) -> Json:
    """Of cards that are alike; others go as text, in which every button can still be named."""
    if not alike(part.cards):
        return text("\n\n".join(map(written, part.cards)), settings)
    cards = [card(index, each) for index, each in enumerate(part.cards)]
    return interactive("carousel", " · ".join(each.title for each in part.cards)[:1024], {"cards": cards})


def alike(cards: Sequence[Card]) -> bool:
    kinds = {tuple(bool(button.url) for button in each.buttons) for each in cards}
    return len(cards) > 1 and len(kinds) == 1 and kinds != {()} and all(each.image for each in cards)


def card(index: int, each: Card) -> Json:
    """Every card says "cta_url", also those with quick replies: so do Meta's own examples."""
    subtitle = f"\n{' '.join(each.subtitle.split())}" if each.subtitle.strip() else ""
    first = each.buttons[0]
    return {
        "card_index": index,
        "type": "cta_url",
        "header": {"type": "image", "image": {"link": each.image}},
        "body": {"text": f"*{each.title}*{subtitle}"[:160]},
        "action": opening(first) if first.url else {"buttons": [quick(button) for button in each.buttons]},
    }


def quick(button: Button) -> Json:
    return {"type": "quick_reply", "quick_reply": {"id": button.payload, "title": button.title}}


def written(each: Card) -> str:
    lines = [f"• {button.title}: {button.url}" if button.url else f"• {button.title}" for button in each.buttons]
    return "\n".join(filter(None, (each.title, each.subtitle, each.image, *lines)))


def form(part: Form, settings: Settings) -> Json:
    """Its flow, whose answer comes back with the form's id; without one, what is asked for."""
    flow = settings.flows.get(part.id)
    words = part.title or part.submit or part.id
    if flow is None:
        return text("\n".join([words, *(f"• {field.label}" for field in part.fields)]), settings)
    parameters: Json = {
        "flow_message_version": "3",
        "flow_token": part.id,
        "flow_id": flow.id,
        "flow_cta": (part.submit or part.title or settings.list_button)[:30],
        "mode": "published",
        "flow_action": "navigate" if flow.screen else "data_exchange",
    }
    if flow.screen:
        parameters["flow_action_payload"] = {"screen": flow.screen}
    return interactive("flow", words, {"name": "flow", "parameters": parameters})


def template(part: Template, settings: Settings) -> Json:
    language = (part.language or settings.template_language).replace("-", "_")
    found = {"name": part.name, "language": {"code": language}}
    components = [*placed("header", part.values), *placed("body", part.values), *pressed(part.values)]
    return {"type": "template", "template": found | ({"components": components} if components else {})}


def placed(component: str, values: Mapping[str, str]) -> list[Json]:
    """The placeholders of the body, or those named "header.…"; by number in order, others by name."""
    mine = {key: value for key, value in own(component, values).items() if value}
    if not mine:
        return []
    numbered = sorted((key for key in mine if key.isdecimal()), key=int)
    named = [key for key in mine if not key.isdecimal()]
    found = [parameter("", mine[key]) for key in numbered] + [parameter(key, mine[key]) for key in named]
    return [{"type": component, "parameters": found}]


def own(component: str, values: Mapping[str, str]) -> Mapping[str, str]:
    prefix = f"{component}."
    if component != "body":
        return {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
    return {key: value for key, value in values.items() if not key.startswith(("header.", "button."))}


def parameter(name: str, value: str) -> Json:
    if name in ("image", "video", "document"):
        return {"type": name, name: {"link": value}}
    return {"type": "text", **({"parameter_name": name} if name else {}), "text": value}


def pressed(values: Mapping[str, str]) -> list[Json]:
    """ "button.0" is the end of that button's URL, "button.0.payload" what its tap comes back with."""
    found = []
    for key, value in sorted(own("button", values).items()):
        index, _, kind = key.partition(".")
        if not index.isdecimal():
            continue
        quick = kind == "payload"
        given = {"type": "payload", "payload": value} if quick else {"type": "text", "text": value}
        subtype = "quick_reply" if quick else "url"
        found.append({"type": "button", "sub_type": subtype, "index": index, "parameters": [given]})
    return found


def echoed(part: Tap | FormAnswer | Unsupported) -> str:
    match part:
        case Tap(title=title, payload=payload):
            return title or payload
        case FormAnswer(values=values):
            return "\n".join(f"{name}: {value}" for name, value in values.items())
        case Unsupported(what=what, note=note):
            return note or f"[{what}]"
