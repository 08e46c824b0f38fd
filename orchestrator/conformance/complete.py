"""Level 3: everything a customer, a channel and a colleague at the desk may bring."""

from collections.abc import Iterator

from orchestrator.conformance.reading import answered, kinds, parts_of
from orchestrator.conformance.subject import Broken, Subject
from orchestrator.conformance.turns import PARTS, PLAIN, SENTENCES, Customer
from orchestrator.types import (
    Buttons,
    Carousel,
    Form,
    HandOff,
    ListPicker,
    Media,
    Part,
    QuickReplies,
    Returned,
    Say,
)


async def parts(subject: Subject) -> str:
    for name, part in PARTS.items():
        customer = Customer(subject)
        await customer.says()
        try:
            actions = await customer.says(part)
        except Broken as broken:
            raise Broken(f"with {name} it {broken}") from None
        if not answered(actions):
            raise Broken(f"said nothing when the customer sent {name}")
    customer = Customer(subject)
    if not answered(await customer.says("Hello", PARTS["image"], "Do you have this?")):
        raise Broken("said nothing to three messages at once")
    return f"{len(PARTS)} kinds, and three messages at once"


async def channels(subject: Subject) -> str:
    """What it says on a channel that shows text and nothing else: there words stand for buttons and pictures."""
    customer = Customer(subject, channel=PLAIN)
    said = [part for text in ((), ("Hello",), ("Where is my order?",)) for part in parts_of(await customer.says(*text))]
    for part in said:
        if nameless := next((what for what, name in named(part) if not name.strip()), ""):
            raise Broken(f"said a {part.kind!r} with {nameless}: nothing of it is left where only text is shown")
    return f"{len(said)} parts can be read where only text is shown"


def named(part: Part) -> Iterator[tuple[str, str]]:
    """Everything in it that stands in text by a name, with that name."""
    match part:
        case QuickReplies(choices=choices) | ListPicker(choices=choices):
            yield from (("a choice without a title", one.title) for one in choices)
        case Buttons(buttons=buttons):
            yield from (("a button without a title", one.title) for one in buttons)
        case Carousel(cards=cards):
            yield from (("a card without a title", card.title) for card in cards)
            yield from (("a button without a title", one.title) for card in cards for one in card.buttons)
        case Form(fields=fields):
            yield from (("a field without a label", one.label) for one in fields)
        case Media(media="image" | "gif"):
            yield "a picture without an alt text", part.alt or part.name


async def languages(subject: Subject) -> str:
    spoken = subject.languages or tuple(SENTENCES)
    tried = [language for language in SENTENCES if language in spoken]
    for language in tried:
        customer = Customer(subject)
        try:
            actions = await customer.says(SENTENCES[language], language=language)
        except Broken as broken:
            raise Broken(f"when the customer wrote {language!r} it {broken}") from None
        if not answered(actions):
            raise Broken(f"said nothing to a customer who wrote {language!r}")
        check_labels(actions)
    return ", ".join(tried)


def check_labels(actions: tuple[object, ...]) -> None:
    for action in actions:
        label = action.language if isinstance(action, Say) else ""
        if label and not (label.isascii() and label.isalpha() and label.islower() and len(label) in (2, 3)):
            raise Broken(f"says its answer is in {label!r}; a code such as 'es' (ISO 639-1) is wanted")


async def hand_back(subject: Subject) -> str:
    customer = Customer(subject)
    await customer.says("I want to talk to a person")
    now = subject.clock.now()
    returned = Returned(handoff_id="handoff-1", agent="Ada", note="The refund was made.", at=now)
    actions = await customer.says("Thanks! Where is my order?", returned=returned)
    if any(isinstance(action, HandOff) for action in actions):
        raise Broken("asked for a person again in the very turn an agent gave the conversation back")
    if not answered(actions):
        raise Broken("said nothing in the turn after an agent gave the conversation back")
    return kinds(actions)
