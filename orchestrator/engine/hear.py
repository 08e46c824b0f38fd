"""Hearing what the customer said: every waiting message understood, the head's running sums brought up to date."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator import decide, fit
from orchestrator.copies import replace
from orchestrator.decide.aggregates import after_customer, after_turn
from orchestrator.decide.language import prior_of, remembered
from orchestrator.decide.language_words import offered
from orchestrator.engine.app import App
from orchestrator.types import (
    Conversation,
    Debt,
    FormAnswer,
    Loaded,
    Media,
    Message,
    OpenChoice,
    Part,
    Profile,
    StageRun,
    Tap,
    Text,
    Understanding,
    Utterance,
)

NAMES = ("name", "full_name", "display_name", "first_name", "last_name")
"""Keys of a profile that hold what the person is called."""
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The messages of the turn, understood, and the conversation with its language and sums after them.

    `meant` are the parts of each message with typed choices ("2") turned into the taps they stand for, `quoted` what
    they answer to, by id. `filled` is what they did to a form that is asked field by field.
    """

    conversation: Conversation
    messages: tuple[Message, ...] = ()
    meant: tuple[tuple[Part, ...], ...] = ()
    quoted: Mapping[str, Message] = field(default_factory=dict)
    filled: fit.Filled | None = None

    @property
    def understanding(self) -> Understanding | None:
        """Of all lines together: a wish for a person in the first is not lost behind a "hello?" in the last."""
        return decide.together([message.understanding for message in self.messages if message.understanding])

    @property
    def pivot(self) -> str:
        """All the words, in the pivot language where they are known in it."""
        return "\n".join(
            (message.understanding.pivot if message.understanding else "") or words(message.parts)
            for message in self.messages
        )

    @property
    def stages(self) -> tuple[StageRun, ...]:
        found = (message.understanding for message in self.messages)
        return tuple(stage for understanding in found if understanding for stage in understanding.stages)


async def hear(app: App, loaded: Loaded, known: Mapping[int, Message]) -> Heard:
    """`known` holds messages understood by an earlier try of this turn, by `seq`: those are not read again."""
    conversation = loaded.conversation
    meant = tuple(tuple(chosen(part, conversation.choices) for part in message.parts) for message in loaded.pending)
    filled = filling(conversation, loaded.pending, meant)
    meant = filled.meant if filled else meant
    answers = filled.taken if filled else frozenset[int]()
    reading = [
        understood(app, loaded, index, meant[index], known, answer=index in answers)
        for index in range(len(loaded.pending))
    ]
    messages = [await reading[0]] if len(reading) == 1 else await asyncio.gather(*reading)
    sums, language = after_turn(conversation.aggregates), conversation.language
    for message in messages:
        sums = after_customer(sums, message.understanding, words(message.parts))
        if message.understanding is not None:
            language = remembered(language, message.understanding.language)
    conversation = replace(conversation, language=language, aggregates=sums)
    return Heard(conversation=conversation, messages=tuple(messages), meant=meant, filled=filled)


def filling(
    conversation: Conversation, pending: Sequence[Message], meant: tuple[tuple[Part, ...], ...]
) -> fit.Filled | None:
    """A person at the desk gets what is said as it is: the form waits."""
    if conversation.filling is None or conversation.controller.kind != "bot" or not pending:
        return None
    return fit.fill(
        conversation.filling,
        meant,
        epoch=conversation.epoch,
        language=conversation.language.code,
        at=pending[-1].at,
    )


async def understood(
    app: App, loaded: Loaded, index: int, meant: tuple[Part, ...], known: Mapping[int, Message], *, answer: bool = False
) -> Message:
    """An `answer` to a question of a form says nothing of the language it is in: it may be a name."""
    message = loaded.pending[index]
    if message.seq in known:
        return known[message.seq]
    before = words(loaded.pending[index - 1].parts) if index else ""
    said = utterance(app, loaded, (meant or message.parts), before)
    said = replace(said, typed=False) if answer else said
    understanding = await app.understander.read(said)
    language = understanding.language.code
    pivot = app.settings.pivot
    translations = dict(message.translations)
    if understanding.pivot and language != pivot and understanding.pivot != said.text and not answer:
        translations[pivot] = (
            Text(text=understanding.pivot),
            *(part for part in message.parts if not isinstance(part, Text)),
        )
    return replace(message, language=language, translations=translations, understanding=understanding)


def chosen(part: Part, choices: Sequence[OpenChoice]) -> Part:
    """A typed "2", or a choice's title, becomes the tap it stands for; a short token its payload."""
    if isinstance(part, Tap):
        return fit.restore(choices, part)
    if not isinstance(part, Text):
        return part
    choice = fit.match(choices, part.text)
    return Tap(payload=choice.payload, title=part.text, message_id=choice.message_id) if choice else part


def utterance(app: App, loaded: Loaded, parts: Sequence[Part], before: str) -> Utterance:
    conversation = loaded.conversation
    hint = loaded.profile.get("language")
    return Utterance(
        text=words(parts),
        prior=prior_of(conversation.language),
        hint=offered(str(hint or ""), app.settings.languages) or conversation.language.code,
        pinned=conversation.language.pinned,
        by_agent=conversation.language.by_agent,
        doubts=conversation.language.doubts,
        pivot_language=app.settings.pivot,
        candidates=app.settings.languages,
        typed=all(isinstance(part, Text) for part in parts),
        previous=before or conversation.aggregates.last_text,
        names=names_of(loaded.profile),
    )


def names_of(profile: Profile) -> tuple[str, ...]:
    """What the person is called: never to be translated ("Rosa Blanco" is not "Pink White")."""
    found = (profile.get(key) for key in NAMES)
    return tuple(dict.fromkeys(name.strip()[:LONGEST_NAME] for name in found if isinstance(name, str) and name.strip()))


def owed(messages: Sequence[Message], pivot: str) -> tuple[Debt, ...]:
    """What no engine could translate now, and one may later."""
    return tuple(
        debt(message, message.language or "", pivot)
        for message in messages
        if message.understanding and not message.understanding.pivot and lacking(message.understanding.stages)
    )


def lacking(stages: Sequence[StageRun]) -> bool:
    return any(run.stage == "translation" and run.outcome in ("failed", "late") for run in stages)


def debt(message: Message, source: str, target: str) -> Debt:
    return Debt(
        message_id=message.id,
        app_id=message.app_id,
        conversation_id=message.conversation_id,
        source=source,
        target=target,
        at=message.at,
    )


def words(parts: Sequence[Part]) -> str:
    """What a person would read of a message, in one string."""
    return "\n".join(filter(None, (wording(part) for part in parts)))


def wording(part: Part) -> str:
    match part:
        case Text(text=text):
            return text
        case Tap(title=title, payload=payload):
            return title or payload
        case FormAnswer(values=values):
            return "\n".join(f"{name}: {value}" for name, value in values.items())
        case Media(alt=alt):
            return alt
        case _:
            return getattr(part, "text", "") or getattr(part, "name", "")
