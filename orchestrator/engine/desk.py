"""What agents do. Every step is decided on the newest head, fenced, committed once, and then told to everybody."""

from collections.abc import Awaitable, Callable, Mapping

from orchestrator.copies import replace
from orchestrator.decide.aggregates import after_agent
from orchestrator.decide.language import pinned_by_agent
from orchestrator.engine import handoffs
from orchestrator.engine.app import App
from orchestrator.engine.brief import Briefing
from orchestrator.engine.compose import Composer, Speech
from orchestrator.engine.deliver import Sender
from orchestrator.engine.hear import names_of
from orchestrator.engine.live import Herald
from orchestrator.errors import Conflict, Fenced, Forbidden, Malformed, NotFound, Unavailable
from orchestrator.ports import Bus, Clock, Records, Store
from orchestrator.types import (
    Agent,
    Commit,
    Committed,
    Conversation,
    Handoff,
    HandoffOrder,
    Loaded,
    Marked,
    Marks,
    Message,
    Part,
    Text,
)

MOST_TRIES = 8
LONGEST_NOTE = 10_000

Change = Callable[[App, Loaded, Speech], Awaitable[tuple[Conversation, Handoff | None]]]
"""A pure-hearted step: from what is to what shall be; raises Conflict or Forbidden when it may not."""


class Desk:
    def __init__(
        self,
        *,
        store: Store,
        records: Records,
        bus: Bus,
        herald: Herald,
        clock: Clock,
        apps: Mapping[str, App],
        briefing: Briefing,
        history: int,
        deliverer: Sender,
    ) -> None:
        self.store = store
        self.records = records
        self.bus = bus
        self.herald = herald
        self.clock = clock
        self.apps = apps
        self.briefing = briefing
        self.history = history
        self.deliverer = deliverer
        self.composer = Composer(clock, briefing.public_url)

    async def accept(self, app_id: str, conversation_id: str, agent: Agent) -> Conversation:
        """Take a waiting case, or take over from the bot. Raises Conflict when a colleague has it."""

        async def change(app: App, loaded: Loaded, speech: Speech) -> tuple[Conversation, Handoff]:
            before = loaded.conversation
            if before.handoff and before.handoff.state == "accepted":
                whose = "you have" if before.handoff.agent_id == agent.id else "a colleague has"
                raise Conflict(f"{whose} accepted this conversation already")
            found = loaded.handoff or self.taken_over(app, loaded, agent)
            conversation, handoff = handoffs.accepted(before, found, agent, self.clock.now())
            await self.composer.notice(app, conversation, "agent_joined", speech, name=agent.name)
            return conversation, handoff

        return (await self.change(app_id, conversation_id, change, withdraw=True)).conversation

    def taken_over(self, app: App, loaded: Loaded, agent: Agent) -> Handoff:
        """A handoff nobody asked for: the agent stepped in."""
        order = HandoffOrder(
            team=agent.teams[0] if agent.teams else app.settings.policy.team,
            priority="normal",
            reason=f"{agent.name} took over from the bot",
        )
        lines = (*loaded.history, *loaded.pending)
        packet = self.briefing.packet(app, loaded.conversation, order, lines, loaded.profile)
        return handoffs.offered(
            app, loaded.conversation, order, packet, handoff_id=self.clock.new_id(), now=self.clock.now()
        )[1]

    async def say(
        self,
        app_id: str,
        conversation_id: str,
        agent: Agent,
        parts: tuple[Part, ...],
        client_id: str = "",
        translations: Mapping[str, tuple[Part, ...]] | None = None,
    ) -> Message:
        """To the customer, in their language. A `client_id` seen before returns that message and says nothing again.

        `translations` are the agent's own: where there is one in the customer's language, no engine is asked.
        """
        if not parts or all(isinstance(part, Text) and not part.text.strip() for part in parts):
            raise Malformed("a message needs words or a picture")
        if (again := await self.again(app_id, conversation_id, agent, client_id)) is not None:
            return again

        async def change(app: App, loaded: Loaded, speech: Speech) -> tuple[Conversation, None]:
            conversation = self.held(loaded, agent)
            await self.composer.say(
                app,
                conversation,
                parts,
                language=agent.languages[0] if agent.languages else app.settings.pivot,
                role="agent",
                author=agent.id,
                speech=speech,
                external_id=mark(agent, client_id),
                translations=translations,
            )
            return replace(conversation, aggregates=after_agent(conversation.aggregates)), None

        return await self.once(app_id, conversation_id, agent, client_id, change)

    async def note(self, app_id: str, conversation_id: str, agent: Agent, text: str, client_id: str = "") -> Message:
        """For colleagues only. Any agent of the app may leave one."""
        if not text.strip() or len(text) > LONGEST_NOTE:
            raise Malformed(f"a note has between 1 and {LONGEST_NOTE} characters")
        if (again := await self.again(app_id, conversation_id, agent, client_id)) is not None:
            return again

        async def change(app: App, loaded: Loaded, speech: Speech) -> tuple[Conversation, None]:
            written = self.composer.message(
                loaded.conversation,
                (Text(text=text),),
                role="agent",
                author=agent.id,
                language=app.settings.pivot,
                translations={},
                external_id=mark(agent, client_id),
            )
            speech.messages.append(replace(written, visibility="internal"))
            return loaded.conversation, None

        return await self.once(app_id, conversation_id, agent, client_id, change)

    async def transfer(
        self, app_id: str, conversation_id: str, agent: Agent, team: str, note: str = ""
    ) -> Conversation:
        """Into another team's queue. Raises NotFound for a team the app does not have."""
        app = self.app(app_id)
        if team not in app.settings.teams:
            raise NotFound(f"there is no team {team!r}; known: {', '.join(sorted(app.settings.teams))}")

        async def change(app: App, loaded: Loaded, speech: Speech) -> tuple[Conversation, Handoff]:
            conversation, handoff = handoffs.transferred(self.held(loaded, agent), self.open(loaded), team)
            self.internal(app, loaded, agent, note, speech)
            await self.composer.notice(
                app, conversation, "transferred", speech, team=app.settings.teams[team].label or team
            )
            return conversation, handoff

        changed = await self.change(app_id, conversation_id, change)
        return changed.conversation

    async def hand_back(self, app_id: str, conversation_id: str, agent: Agent, note: str = "") -> Conversation:
        """To the bot, which gets the note with its next turn."""

        async def change(app: App, loaded: Loaded, speech: Speech) -> tuple[Conversation, Handoff]:
            conversation, handoff = handoffs.ended(
                self.held(loaded, agent), self.open(loaded), "returned", note=note, now=self.clock.now()
            )
            self.internal(app, loaded, agent, note, speech)
            await self.composer.notice(app, conversation, "returned_to_bot", speech)
            return conversation, handoff

        return (await self.change(app_id, conversation_id, change)).conversation

    async def resolve(self, app_id: str, conversation_id: str, agent: Agent, note: str = "") -> Conversation:
        """Done: closed until the customer writes again, and then the bot answers."""

        async def change(app: App, loaded: Loaded, speech: Speech) -> tuple[Conversation, Handoff]:
            conversation, handoff = handoffs.ended(
                self.held(loaded, agent), self.open(loaded), "resolved", note=note, now=self.clock.now()
            )
            self.internal(app, loaded, agent, note, speech)
            await self.composer.notice(app, conversation, "resolved", speech)
            return replace(conversation, status="closed"), handoff

        return (await self.change(app_id, conversation_id, change)).conversation

    async def speak(self, app_id: str, conversation_id: str, agent: Agent, language: str) -> Conversation:
        """Pin what the customer is spoken to in, whatever they write; "" lets the conversation find its language again.

        Also while a bot has it, or nobody yet: the agent may be the first to notice. Raises Malformed for a language
        the app does not have, Forbidden when a colleague has the conversation.
        """
        app = self.app(app_id)
        if language and language not in app.settings.languages:
            raise Malformed(f"customers don't write {language!r} here; known: {', '.join(app.settings.languages)}")

        async def change(app: App, loaded: Loaded, speech: Speech) -> tuple[Conversation, None]:
            before = loaded.conversation
            if before.controller.kind == "desk" and before.controller.name not in ("", agent.id):
                raise Forbidden("a colleague has this conversation; ask for a transfer")
            return replace(before, language=pinned_by_agent(before.language, language)), None

        return (await self.change(app_id, conversation_id, change)).conversation

    async def read(self, app_id: str, conversation_id: str, agent: Agent, seq: int) -> Marks:
        """The agent has seen the customer's messages up to `seq`. Only whoever holds the case marks it."""
        conversation = await self.records.conversation(app_id, conversation_id)
        if conversation.controller.name != agent.id:
            return conversation.marks
        marks = await self.store.mark(conversation_id, Marks(desk_read=min(seq, conversation.last_seq)))
        await self.bus.publish(Marked(app_id=app_id, conversation_id=conversation_id, marks=marks))
        return marks

    async def change(self, app_id: str, conversation_id: str, change: Change, *, withdraw: bool = False) -> Committed:
        """Load, change, commit; again when somebody else was faster."""
        app = self.app(app_id)
        for _ in range(MOST_TRIES):
            loaded = await self.load(app_id, conversation_id)
            speech = Speech(names=names_of(loaded.profile))
            conversation, handoff = await change(app, loaded, speech)
            now = self.clock.now()
            commit = Commit(
                conversation=replace(conversation, updated_at=now),
                messages=tuple(speech.messages),
                owed=tuple(speech.owed),
                outbox=tuple(speech.outbox),
                handoff=handoff,
                withdraw_pending=withdraw,
                hold=self.deliverer.hold,
                at=now,
            )
            since = self.clock.monotonic()
            try:
                committed = await self.store.commit(commit)
            except Fenced:
                continue
            except Unavailable:
                self.deliverer.unsure(conversation_id)
                raise
            if withdraw:
                self.deliverer.withdraw(conversation_id, committed.conversation.epoch)
            await self.deliverer.hand(committed, commit.outbox, since)
            await self.announce(app, committed, handoff, loaded)
            await self.herald.refused(commit.outbox)
            return committed
        raise Conflict("this conversation is changing too fast; try again")

    async def announce(self, app: App, committed: Committed, handoff: Handoff | None, loaded: Loaded) -> None:
        await self.herald.messages(committed.messages)
        conversation = committed.conversation
        current = handoff or loaded.handoff
        await self.herald.conversation(app, conversation, current if conversation.handoff else None)
        if handoff is not None:
            await self.herald.queue(app, handoff.team, but=conversation.id)
            await self.bus.wake(conversation.id, app.id)

    async def load(self, app_id: str, conversation_id: str) -> Loaded:
        loaded = await self.store.load(conversation_id, history=self.history)
        if loaded.conversation.app_id != app_id:
            raise NotFound(f"there is no conversation {conversation_id!r}")
        return loaded

    async def once(self, app_id: str, conversation_id: str, agent: Agent, client_id: str, change: Change) -> Message:
        """The message as it was committed, by this call or by a twin of it that was faster."""
        try:
            return (await self.change(app_id, conversation_id, change)).messages[0]
        except Conflict:
            if (again := await self.again(app_id, conversation_id, agent, client_id)) is None:
                raise
            return again

    async def again(self, app_id: str, conversation_id: str, agent: Agent, client_id: str) -> Message | None:
        if not client_id:
            return None
        conversation = await self.records.conversation(app_id, conversation_id)
        found = await self.records.message_by_external(conversation.channel_id, mark(agent, client_id))
        return found if found is not None and found.conversation_id == conversation_id else None

    def app(self, app_id: str) -> App:
        if app_id not in self.apps:
            raise NotFound(f"there is no app {app_id!r}")
        return self.apps[app_id]

    def held(self, loaded: Loaded, agent: Agent) -> Conversation:
        """The conversation, if this agent has it."""
        controller = loaded.conversation.controller
        if controller.kind != "desk" or not controller.name:
            raise Conflict("accept this conversation first: nobody at the desk has it")
        if controller.name != agent.id:
            raise Forbidden("a colleague has this conversation; ask for a transfer")
        return loaded.conversation

    def open(self, loaded: Loaded) -> Handoff:
        if loaded.handoff is None:
            raise Conflict("this conversation has no open handoff")
        return loaded.handoff

    def internal(self, app: App, loaded: Loaded, agent: Agent, note: str, speech: Speech) -> None:
        if note.strip():
            written = self.composer.message(
                loaded.conversation,
                (Text(text=note[:LONGEST_NOTE]),),
                role="agent",
                author=agent.id,
                language=app.settings.pivot,
                translations={},
            )
            speech.messages.append(replace(written, visibility="internal"))


def mark(agent: Agent, client_id: str) -> str:
    """An agent's message id as the log keeps it; the prefix keeps it apart from every customer's."""
    return f"agent:{agent.id}:{client_id}" if client_id else ""
