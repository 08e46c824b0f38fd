"""The guide's file: what may stand in the TOML, as pydantic models. What the names refer to is looked at in check.py.

Each text is marked with what it is, so that one walk over a guide finds every template, condition and reference.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from orchestrator.errors import Key as Place
from orchestrator.types import Priority


@dataclass(frozen=True, slots=True)
class Mark:
    """words: a template the customer reads · filled: a template for machines · when: a condition · to: a reference."""

    kind: Literal["words", "filled", "when", "to", "each"]


Words = Annotated[str, Mark("words")]
Filled = Annotated[str, Mark("filled")]
When = Annotated[str, Mark("when")]
To = Annotated[str, Mark("to")]
Each = Annotated[str, Mark("each")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


class Section(BaseModel):
    """Frozen; a key nobody knows is an error, so that a typing mistake never passes for a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Target(Section):
    """A quick reply or button. `to` is "intent:…", "faq:…", "flow:…", for a button also an address to open."""

    title: Words = Field("", description="Default: the title of what it leads to.")
    to: To


def target(value: Any) -> Any:
    return {"to": value} if isinstance(value, str) else value


Targets = tuple[Annotated[Target, BeforeValidator(target)], ...]


class Rows(Section):
    """A list to choose from: one row for each item of `each`."""

    text: Words = ""
    button: Words = Field("", description="Opens the list, on channels that fold it.")
    each: Each
    title: Words
    description: Words = ""
    image: Filled = ""
    to: To


class Cards(Section):
    """A carousel: one card for each item of `each`."""

    text: Words = ""
    each: Each
    title: Words
    subtitle: Words = ""
    image: Filled = ""
    alt: Words = ""
    buttons: Targets = ()


class Picture(Section):
    url: Filled
    alt: Words = ""


class Spot(Section):
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    name: str = ""
    address: str = ""


class Handoff(Section):
    """Ask for a person, with what they should know, in the guide's language."""

    reason: str
    team: str = ""
    priority: Priority | None = None
    summary: Filled = ""


class Piece(Section):
    """One piece of an answer, said when its condition holds."""

    when: When = ""
    text: Words = ""
    markdown: bool = False
    quick_replies: Targets = ()
    buttons: Targets = ()
    list_: Rows | None = Field(None, alias="list")
    carousel: Cards | None = None
    picture: Picture | None = None
    location: Spot | None = None
    handoff: Handoff | None = None
    pass_to: str = Field("", description="A bot of the app that goes on from here.")
    profile: Mapping[str, Filled] = Field(default_factory=dict)


def pieces(value: Any) -> Any:
    """A bare text stands for a piece, a single piece for a list of one."""
    items = value if isinstance(value, list | tuple) else [value]
    return tuple({"text": item} if isinstance(item, str) else item for item in items)


Answer = Annotated[tuple[Piece, ...], BeforeValidator(pieces)]


class Intent(Section):
    name: Name
    title: Words = Field("", description="As quick reply and in 'did you mean'; without one it is never suggested.")
    examples: tuple[str, ...] = Field(min_length=1)
    answer: Answer = ()
    flow: str = ""
    handoff: Handoff | None = None
    small_talk: bool = Field(False, description="Left out when the customer says something of substance besides.")


class Faq(Section):
    name: Name
    title: Words = Field("", description="Default: the question.")
    question: Words
    also: tuple[str, ...] = ()
    answer: Answer = Field(min_length=1)


class Choices(Section):
    """What can be chosen, for each item of `each`; `words` of an item are other names of it."""

    each: Each
    title: Words
    value: Filled
    description: Words = ""


class Fixed(Section):
    title: Words
    value: str
    words: tuple[str, ...] = ()


StepType = Literal["text", "email", "phone", "number", "date", "choice", "picture"]


def compiled(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


class Step(Section):
    """One thing to ask. Kept in the slot of that name, or in the conversation's slots to be exact."""

    slot: Name
    ask: Words
    type: StepType = "text"
    label: Words = Field("", description="In a form.")
    placeholder: Words = ""
    pattern: Annotated[str, AfterValidator(compiled)] = ""
    becomes: str = Field("", description=r"How a match is written down: 'PD-\1'.")
    choices: Choices | tuple[Fixed, ...] = ()
    invalid: Words = ""
    optional: bool = False
    skip: Words = Field("", description="The quick reply that skips an optional step.")


class Form(Section):
    """Ask for all steps at once, where the channel can show a form."""

    text: Words = ""
    title: Words
    submit: Words = ""


class Lookup(Section):
    """After the last step: the row of `table` whose key is in `slot`, called `as` in what follows."""

    table: str
    slot: str
    name: str = Field(alias="as", pattern=r"^[a-z][a-z0-9_]{0,40}$")


class Fetch(Section):
    """After the last step: what one of the shop's systems says, called `as` in what follows."""

    source: Name = Field(description="One of the bot's `sources` in parley.toml.")
    name: str = Field(alias="as", pattern=r"^[a-z][a-z0-9_]{0,40}$")
    missing: Words = Field("", description="Said when it knows no such thing.")
    failed: Words = Field("", description="Said when it gives no answer.")


class Flow(Section):
    name: Name
    title: Words = ""
    step: tuple[Step, ...] = Field(min_length=1)
    form: Form | None = None
    lookup: Lookup | None = None
    fetch: Fetch | None = None
    done: Answer = Field(min_length=1)


class Product(Section):
    """A row of the list "products"; what a product has besides belongs into its texts."""

    sku: str = Field(pattern=r"^[\w.-]{1,60}$")
    name: Words
    about: Words = ""
    size: Words = ""
    price: float = Field(ge=0)
    image: str = ""
    alt: Words = ""
    url: str = ""
    words: tuple[str, ...] = ()


class About(Section):
    name: str = ""
    language: str = Field("en", pattern=r"^[a-z]{2}$")
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="Of amounts that are not in the customer's cart.")
    tries: int = Field(3, ge=1, le=10, description="Wrong answers until a flow gives up.")
    variables: tuple[str, ...] = Field((), description="What the page passes besides cart and page: 'loyalty.points'.")


CANCEL = (
    *("cancel", "cancel that", "stop", "stop it", "quit", "abort", "not now", "no thanks", "no thank you"),
    *("never mind", "nevermind", "forget it", "forget about it", "leave it", "leave that", "i changed my mind"),
)


class Matching(Section):
    answer: float = Field(0.5, gt=0, lt=1, description="From this score on, the best match answers.")
    suggest: float = Field(0.25, gt=0, lt=1, description="From this score on, a match is offered in 'did you mean'.")
    synonyms: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    cancel: tuple[str, ...] = Field(CANCEL, description="What customers say to leave a flow.")


class Texts(Section):
    did_you_mean: Words = "I'm not sure I understood. Did you mean one of these?"
    missing: Words = "I can't see that from here."
    unreachable: Words = "I can't look that up right now, I'm sorry. Please try again later, or ask for a person."
    cancelled: Words = "All right, we'll leave that."
    give_up: Words = "We're not getting anywhere like this, I'm sorry."
    resume: Words = "Back to where we were:"
    expired: Words = "That question is closed already. What can I do for you?"
    invalid: Words = "That doesn't look right. Could you try once more?"
    choose: Words = "Please choose one of these:"


class Guide(Section):
    guide: About = About()
    matching: Matching = Matching()
    texts: Texts = Texts()
    cancel: tuple[str, ...] = Field(
        CANCEL, description="Words that leave a flow, as they arrive in the guide's language."
    )
    values: Mapping[str, str | int | float] = Field(default_factory=dict)
    greeting: Answer = ()
    returned: Answer = ()
    attachment: Answer = ()
    fallback: Answer = (Piece(text="I'm sorry, I didn't understand that. Could you say it in other words?"),)
    intent: tuple[Intent, ...] = ()
    faq: tuple[Faq, ...] = ()
    flow: tuple[Flow, ...] = ()
    table: Mapping[str, Mapping[str, Mapping[str, str | int | float | bool]]] = Field(default_factory=dict)
    product: tuple[Product, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A marked text and where it stands; `each` is the list whose items it is written for, "" outside of one."""

    kind: Literal["words", "filled", "when", "to", "each"]
    text: str
    place: Place
    each: str = ""


def sections(section: Section, place: Place = ()) -> Iterator[tuple[Place, Section]]:
    """The section and every one inside it, in the order of the models."""
    yield place, section
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        here = (*place, field.alias or name)
        if isinstance(value, Section):
            yield from sections(value, here)
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, Section):
                    yield from sections(item, (*here, index))


def walk(guide: Guide) -> Iterator[Found]:
    """Every marked text that is not empty."""
    lists: dict[Place, str] = {}
    for place, section in sections(guide):
        each = getattr(section, "each", "") or next((lists[above] for above in heads(place) if above in lists), "")
        if each:
            lists[place] = each
        for name, field in type(section).model_fields.items():
            value = getattr(section, name)
            mark = next((mark for mark in field.metadata if isinstance(mark, Mark)), None)
            if mark and isinstance(value, str) and value:
                yield Found(kind=mark.kind, text=value, place=(*place, field.alias or name), each=each)
        if isinstance(section, Piece):
            for key, text in section.profile.items():
                yield Found(kind="filled", text=text, place=(*place, "profile", key), each=each)


def heads(place: Place) -> Iterator[Place]:
    return (place[:end] for end in range(len(place), 0, -1))
