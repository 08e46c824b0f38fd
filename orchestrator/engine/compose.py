"""Making what goes out: a bot's or agent's words in both languages, fitted to the channel, and system notices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator import fit, texts
from orchestrator.copies import replace
from orchestrator.engine.app import App
from orchestrator.engine.hear import debt, lacking
from orchestrator.engine.web_forms import FormLink, FormLinks
from orchestrator.ports import Clock
from orchestrator.types import (
    Conversation,
    Debt,
    Filling,
    Form,
    Limits,
    Loss,
    Message,
    OpenChoice,
    Outgoing,
    Part,
    Rendering,
    Role,
    Say,
    StageRun,
    Text,
)

FORBIDDEN = "the customer does not want to hear from us"

NO_FORMS = Limits()


@dataclass(slots=True)
class Speech:
    """What one step says, gathered in order: messages, their outbox rows, what was lost on the way.

    `names` are people's, never to be translated; `owed` what no engine could translate now; `form` is to be asked
    field by field.
    """

    messages: list[Message] = field(default_factory=list)
    outbox: list[Outgoing] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    choices: list[OpenChoice] = field(default_factory=list)
    stages: list[StageRun] = field(default_factory=list)
    owed: list[Debt] = field(default_factory=list)
    form: Filling | None = None
    names: tuple[str, ...] = ()


class Composer:
    def __init__(self, clock: Clock, public_url: str, links: FormLinks | None = None) -> None:
        self.clock = clock
        self.public_url = public_url
        self.links = links

    async def says(
        self, app: App, conversation: Conversation, says: Sequence[Say], *, bot: str, turn_id: str, speech: Speech
    ) -> None:
        running = app.bots.get(bot)
        native = running.answers_in(conversation.language.code) if running else ""
        for say in says:
            await self.say(
                app,
                conversation,
                say.parts,
                language=say.language or native or conversation.language.code,
                role="bot",
                author=bot,
                turn_id=turn_id,
                speech=speech,
            )

    async def say(
        self,
        app: App,
        conversation: Conversation,
        parts: tuple[Part, ...],
        *,
        language: str,
        role: Role,
        author: str,
        speech: Speech,
        turn_id: str = "",
        external_id: str = "",
        translations: Mapping[str, tuple[Part, ...]] | None = None,
    ) -> Message:
        """Add one message in `language`, translated for the customer where an engine can.

        `translations` are those that are known already: an agent's own words come before any engine's.
        """
        target = conversation.language.code
        known = dict(translations or {})
        run: StageRun | None = None
        if language != target and target not in known:
            translated = await app.understander.translate(parts, language, target, names=speech.names)
            run = translated.run
            speech.stages.append(run)
            if translated.parts is not None:
                known[target] = translated.parts
        message = self.message(
            conversation,
            parts,
            role=role,
            author=author,
            language=language,
            translations=known,
            turn_id=turn_id,
            external_id=external_id,
        )
        self.add(app, conversation, message, speech)
        if run is not None and lacking([run]) and shown_from_log(app, conversation):
            speech.owed.append(debt(message, language, target))
        return message

    async def notice(
        self,
        app: App,
        conversation: Conversation,
        notice: str,
        speech: Speech,
        /,
        *,
        turn_id: str = "",
        **values: object,
    ) -> None:
        """A system notice, in every language it has been written in; an engine does the customer's if need be."""
        wordings = texts.notice(notice, app.settings.texts, languages=app.settings.languages, **values)
        language = app.settings.pivot if app.settings.pivot in wordings else "en"
        await self.say(
            app,
            conversation,
            (Text(text=wordings[language]),),
            language=language,
            role="system",
            author=notice,
            speech=speech,
            turn_id=turn_id,
            translations={code: (Text(text=text),) for code, text in wordings.items() if code != language},
        )

    async def welcome(
        self, app: App, conversation: Conversation, words: str | Mapping[str, str], speech: Speech, *, turn_id: str
    ) -> None:
        """In the customer's language where it was written in it; else in the app's, or the first there is."""
        pivot = app.settings.pivot
        wordings = {pivot: words} if isinstance(words, str) else words
        known = [code for code in (conversation.language.code, pivot, *wordings) if code in wordings]
        await self.say(
            app,
            conversation,
            (Text(text=wordings[known[0]]),),
            language=known[0],
            role="bot",
            author=conversation.bot,
            speech=speech,
            turn_id=turn_id,
            translations={code: (Text(text=wordings[code]),) for code in known[1:]},
        )

    def message(
        self,
        conversation: Conversation,
        parts: tuple[Part, ...],
        *,
        role: Role,
        author: str,
        language: str,
        translations: Mapping[str, tuple[Part, ...]],
        turn_id: str = "",
        external_id: str = "",
    ) -> Message:
        return Message(
            id=self.clock.new_id(),
            app_id=conversation.app_id,
            conversation_id=conversation.id,
            role=role,
            author=author,
            parts=parts,
            at=self.clock.now(),
            language=language,
            translations=translations,
            epoch=conversation.epoch,
            turn_id=turn_id,
            external_id=external_id,
        )

    def add(self, app: App, conversation: Conversation, message: Message, speech: Speech) -> None:
        """Fit the message to its channel; channels that are delivered to get an outbox row."""
        speech.messages.append(message)
        channel = app.channels.get(conversation.channel_id)
        if channel is None:
            return
        seen = message.translations.get(conversation.language.code, message.parts)
        if message.role == "bot" and not channel.connector.limits.form:
            by_link = channel.settings.form == "link" and channel.connector.delivery == "push"
            seen = (self.linked if by_link else self.asked)(conversation, message, seen, speech)
        shaped = fit.shape(
            seen,
            channel.connector.limits,
            message_id=message.id,
            base_url=self.public_url,
            first_number=max((choice.number for choice in speech.choices), default=0) + 1,
        )
        speech.losses.extend(shaped.losses)
        speech.choices.extend(shaped.choices)
        if channel.connector.delivery == "push" and shaped.renderings:
            forbidden = conversation.opted_out is not None
            speech.outbox.append(
                Outgoing(
                    id=self.clock.new_id(),
                    app_id=conversation.app_id,
                    conversation_id=conversation.id,
                    channel_id=conversation.channel_id,
                    address=conversation.address,
                    message_id=message.id,
                    seq=0,
                    epoch=message.epoch,
                    due_at=message.at,
                    renderings=tuple(spoken(each, message.role) for each in shaped.renderings),
                    state="failed" if forbidden else "pending",
                    error=FORBIDDEN if forbidden else "",
                    reason="opted_out" if forbidden else "",
                )
            )

    def asked(
        self, conversation: Conversation, message: Message, seen: tuple[Part, ...], speech: Speech
    ) -> tuple[Part, ...]:
        """What is left to show of a message whose form is going to be asked field by field."""
        place = fit.to_ask(message.parts, NO_FORMS)
        said = message.parts[place] if place is not None else None
        if place is None or not isinstance(said, Form):
            return seen
        part = seen[place] if place < len(seen) else said
        speech.form = Filling(
            form=said,
            shown=part if isinstance(part, Form) and len(part.fields) == len(said.fields) else said,
            language=conversation.language.code,
            message_id=message.id,
            asked_at=message.at,
            epoch=conversation.epoch,
        )
        speech.losses.append(Loss(part=place, what="form", became="questions"))
        return (*seen[:place], *seen[place + 1 :])

    def linked(
        self, conversation: Conversation, message: Message, seen: tuple[Part, ...], speech: Speech
    ) -> tuple[Part, ...]:
        """The same with the address of a page in the place of the form."""
        for index, part in enumerate(seen):
            if isinstance(part, Form) and self.links is not None:
                address = self.links.address(FormLink(message.app_id, message.id), message.at)
                speech.losses.append(Loss(part=index, what="form", became="link"))
                return (*seen[:index], Text(text=f"{part.title}\n{address}".strip()), *seen[index + 1 :])
        return seen

    async def question(
        self,
        app: App,
        conversation: Conversation,
        hints: Sequence[str],
        speech: Speech,
        *,
        turn_id: str,
    ) -> Conversation:
        """Ask for the field of the form that is next; the conversation with the question noted."""
        filling = conversation.filling
        if filling is None:
            return conversation
        worded = {hint: self.wordings(app, hint) for hint in (*hints, "form_optional")}
        pivot = app.settings.pivot if all(app.settings.pivot in each for each in worded.values()) else "en"
        customer = conversation.language.code

        def said(form: Form, language: str) -> tuple[Part, ...]:
            lines = [worded[hint][language] for hint in hints]
            optional = worded["form_optional"][language]
            return (fit.question(form, filling.at, lines, optional=optional, begins="form_begins" in hints),)

        known = customer in worded["form_optional"]
        await self.say(
            app,
            conversation,
            said(filling.form, pivot),
            language=pivot,
            role="system",
            author="form",
            speech=speech,
            turn_id=turn_id,
            translations={customer: said(filling.shown, customer)} if known and customer != pivot else {},
        )
        return replace(conversation, filling=replace(filling, asked_at=self.clock.now(), epoch=conversation.epoch))

    def wordings(self, app: App, notice: str) -> dict[str, str]:
        return texts.notice(notice, app.settings.texts, languages=app.settings.languages)


def spoken(rendering: Rendering, role: Role) -> Rendering:
    return rendering if rendering.role == role else replace(rendering, role=role)


def shown_from_log(app: App, conversation: Conversation) -> bool:
    """Whether the customer's screen shows what the log holds: what was pushed to a platform can't be mended."""
    channel = app.channels.get(conversation.channel_id)
    return channel is not None and channel.connector.delivery == "pull"


def earliest(*moments: datetime | None) -> datetime | None:
    """The first of those that are set: when the sweep must look again."""
    return min((moment for moment in moments if moment is not None), default=None)
