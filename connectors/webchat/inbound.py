"""From a widget's `send` frame to what the engine accepts."""

from typing import assert_never

from connectors.webchat.tokens import Tokens, Visitor
from connectors.webchat.view import external_id
from connectors.webchat.wire import (
    ClientPart,
    FormAnswerPart,
    LocationPart,
    Send,
    TapPart,
    TextPart,
    UploadPart,
)
from orchestrator.errors import Malformed, TooLarge
from orchestrator.ports import Clock
from orchestrator.types import FormAnswer, Location, Part, Received, Started, Tap, Text


def received(frame: Send, visitor: Visitor, tokens: Tokens, clock: Clock, text_max: int) -> Received:
    """Raises Malformed, TooLarge, or Unauthenticated for somebody else's upload."""
    return Received(
        address=visitor.address,
        external_id=external_id(visitor.address, frame.client_id),
        parts=tuple(part(each, visitor, tokens, text_max) for each in client_parts(frame)),
        at=clock.now(),
        profile=visitor.profile,
        context=frame.context,
        language=primary(frame.language),
    )


def started(visitor: Visitor, clock: Clock, language: str) -> Started:
    """Once for each conversation, however often the chat is opened."""
    return Started(
        address=visitor.address,
        external_id=external_id(visitor.address, ":start"),
        at=clock.now(),
        profile=visitor.profile,
        language=primary(language),
    )


def client_parts(frame: Send) -> tuple[ClientPart, ...]:
    """Raises Malformed unless the frame says exactly one thing."""
    given = [
        parts
        for parts in (
            None if frame.text is None else (TextPart(kind="text", text=frame.text),),
            None if frame.tap is None else (frame.tap,),
            None if frame.form_answer is None else (frame.form_answer,),
            frame.parts,
        )
        if parts is not None
    ]
    if len(given) != 1:
        raise Malformed("send is malformed: give one of 'text', 'tap', 'form_answer' and 'parts'")
    if not given[0]:
        raise Malformed("send is malformed: 'parts' is empty")
    return given[0]


def part(given: ClientPart, visitor: Visitor, tokens: Tokens, text_max: int) -> Part:
    match given:
        case TextPart():
            return text_part(given.text, text_max)
        case UploadPart():
            return tokens.read_upload(given.upload, visitor, given.alt)
        case LocationPart():
            return Location(latitude=given.latitude, longitude=given.longitude, name=given.name, address=given.address)
        case TapPart():
            return Tap(payload=given.payload, title=given.title, message_id=given.message_id)
        case FormAnswerPart():
            return FormAnswer(form_id=given.form_id, values=dict(given.values), message_id=given.message_id)
        case _:
            assert_never(given)


def text_part(text: str, text_max: int) -> Text:
    words = text.strip()
    if not words:
        raise Malformed("send is malformed: the text is empty")
    if len(words) > text_max:
        raise TooLarge(f"the text has {len(words)} characters; {text_max} at most")
    return Text(text=words)


def primary(locale: str) -> str:
    """ "es-AR" is "es"; anything that is not a language tag is nothing."""
    code = locale.replace("_", "-").partition("-")[0].lower()
    return code if 2 <= len(code) <= 3 and code.isascii() and code.isalpha() else ""
