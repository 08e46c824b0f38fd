"""What agents see of translation: their words as the customer will read them, checked and mended before they go out."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.copies import replace
from orchestrator.engine.app import App
from orchestrator.engine.desk import Desk
from orchestrator.engine.hear import names_of
from orchestrator.errors import Conflict, Forbidden, Malformed
from orchestrator.ports import Clock, Translations
from orchestrator.types import Agent, Part, Reviewed, ReviewState, StageRun, Text
from orchestrator.types.understanding import StageOutcome
from orchestrator.understand import Health
from orchestrator.understand.guard import mask

LONGEST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`text` as the customer will read it, in `target`; "" when no engine could: they will read it as it is written."""

    source: str
    target: str
    text: str
    outcome: StageOutcome
    engine: str = ""


class Wordings:
    def __init__(self, desk: Desk, translations: Translations, clock: Clock) -> None:
        self.desk = desk
        self.translations = translations
        self.clock = clock

    async def preview(self, app_id: str, conversation_id: str, agent: Agent, text: str) -> Preview:
        """Raises NotFound, Malformed."""
        loaded = await self.desk.load(app_id, conversation_id)
        target = loaded.conversation.language.code
        return await self.said(app_id, text, written_in(self.desk.app(app_id), agent), target, names_of(loaded.profile))

    async def back(self, app_id: str, conversation_id: str, agent: Agent, text: str) -> Preview:
        """The customer's wording in the agent's language again: what it will be understood as. Not from the memory."""
        loaded = await self.desk.load(app_id, conversation_id)
        source = loaded.conversation.language.code
        return await self.said(app_id, text, source, written_in(self.desk.app(app_id), agent), names_of(loaded.profile))

    async def said(self, app_id: str, text: str, source: str, target: str, names: tuple[str, ...]) -> Preview:
        if not text.strip() or len(text) > LONGEST:
            raise Malformed(f"a text to be translated has between 1 and {LONGEST} characters")
        if source == target:
            return Preview(source=source, target=target, text=text, outcome="skipped")
        parts: tuple[Part, ...] = (Text(text=text),)
        translated = await self.desk.app(app_id).understander.translate(parts, source, target, names=names)
        run: StageRun = translated.run
        as_it_is = text if run.outcome == "ok" or not mask(text).has_words else ""
        [part] = translated.parts or (Text(text=as_it_is),)
        found = part.text if isinstance(part, Text) else ""
        return Preview(source=source, target=target, text=found, outcome=run.outcome, engine=run.engine)

    async def propose(
        self, app_id: str, agent: Agent, source: str, target: str, text: str, translation: str
    ) -> Reviewed:
        """An agent's own translation, for the memory. An admin's counts at once, others' once one approved it."""
        if source == target or not text.strip() or not translation.strip():
            raise Malformed("a translation needs a text and its wording in another language")
        if max(len(text), len(translation)) > LONGEST:
            raise Malformed(f"a translation has at most {LONGEST} characters")
        now = self.clock.now()
        admin = agent.role == "admin"
        entry = Reviewed(
            id=self.clock.new_id(),
            app_id=app_id,
            source=source,
            target=target,
            text=text.strip(),
            translation=translation.strip(),
            author=agent.id,
            created_at=now,
            updated_at=now,
            state="approved" if admin else "proposed",
            decided_by=agent.id if admin else "",
        )
        await self.keep(entry)
        return entry

    async def decide(
        self, app_id: str, agent: Agent, entry_id: str, state: ReviewState, translation: str = ""
    ) -> Reviewed:
        """Approve (perhaps mended) or reject. Raises Forbidden for who is no admin, NotFound, Conflict."""
        if agent.role != "admin":
            raise Forbidden("only an admin approves translations")
        if state == "proposed":
            raise Conflict("a proposal is approved or rejected")
        entry = await self.translations.reviewed_one(app_id, entry_id)
        wording = translation.strip()[:LONGEST] or entry.translation
        decided = replace(entry, state=state, translation=wording, decided_by=agent.id, updated_at=self.clock.now())
        await self.keep(decided)
        return decided

    async def keep(self, entry: Reviewed) -> None:
        """Durable, and in this process's memory at once; others read it at their next look."""
        await self.translations.review(entry)
        self.desk.app(entry.app_id).understander.chain.memory.learn([entry])

    async def reviewed(self, app_id: str, state: ReviewState | None, limit: int = 200) -> Sequence[Reviewed]:
        return await self.translations.reviewed(app_id, state=state, limit=limit)

    def health(self, app_id: str) -> Sequence[Health]:
        return self.desk.app(app_id).understander.chain.health()


def written_in(app: App, agent: Agent) -> str:
    """The language the agent writes, as `Desk.say` takes it."""
    return agent.languages[0] if agent.languages else app.settings.pivot
