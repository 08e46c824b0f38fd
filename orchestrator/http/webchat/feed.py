"""What one client knows of a conversation, and the frames that keep it true.

Subscribe to the bus first, then `ready()`, then `hear()` each update: nothing falls between, and what comes twice is
sent once.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from connectors.webchat import view
from connectors.webchat.wire import MarksShown, Ready, ServerFrame, Shown, State, TypingShown, Withdrawn
from orchestrator.errors import NotFound
from orchestrator.http.webchat.channels import Services
from orchestrator.types import (
    Conversation,
    ConversationChanged,
    DeliveryChanged,
    Drafting,
    Live,
    Marked,
    Message,
    MessageAdded,
    QueueView,
    RosterChanged,
    SignedOut,
    TypingChanged,
)

PAGE = 40
"""Messages in a first look; earlier ones come by `history`."""

REMEMBERED = 64
"""Messages whose last shown form is known, to tell news from repeats."""


class Feed:
    __slots__ = (
        "asked", "conversation", "drafted", "last", "marks", "names", "queue", "services", "shown", "state",
    )  # fmt: skip

    def __init__(self, services: Services, conversation: Conversation, after: int) -> None:
        self.services = services
        self.conversation = view.lean(conversation)
        self.last = after
        self.names: dict[str, str] = {}
        self.shown: dict[int, int] = {}
        self.asked = 0
        self.state = State()
        self.marks = MarksShown()
        self.queue: QueueView | None = None
        self.drafted = False

    async def ready(self) -> Ready:
        """Where things stand now, with the messages after the last this client has."""
        records, after = self.services.records, self.last
        self.conversation = await self.head()
        self.queue = await self.services.engine.queue_view(self.conversation)
        messages = await records.messages(self.conversation.id, after=after, limit=PAGE + 1) if after else ()
        fresh = not after or len(messages) > PAGE or after > self.conversation.last_seq
        if fresh:
            messages = await records.messages(self.conversation.id, limit=PAGE, public=True)
        self.state, self.marks = await self.standing(messages), view.shared(view.marks(self.conversation))
        shown = tuple([await self.show(message) for message in messages if view.visible(message)])
        for each in shown:
            self.remember(each)
        self.last = max((self.conversation.last_seq if fresh else after, *(message.seq for message in messages)))
        return Ready(
            conversation=self.conversation.id,
            fresh=fresh,
            messages=shown,
            more=fresh and len(messages) == PAGE,
            last_seq=self.last,
            state=self.state,
            marks=self.marks,
        )

    async def hear(self, live: Live | None) -> Sequence[ServerFrame]:
        """None: something was dropped, so look again."""
        match live:
            case None:
                return [await self.ready()]
            case MessageAdded():
                return await self.added(live.message)
            case TypingChanged():
                return await self.typing(live)
            case Drafting():
                return self.drafting(live)
            case Marked():
                self.conversation = replace(self.conversation, marks=view.merged(self.conversation.marks, live.marks))
                return self.marked()
            case ConversationChanged():
                return await self.changed(live)
            case SignedOut() | DeliveryChanged() | RosterChanged():
                return []
            case _:
                assert_never(live)

    async def added(self, message: Message) -> Sequence[ServerFrame]:
        if message.seq > self.last + 1:
            missed = await self.services.records.messages(self.conversation.id, after=self.last, limit=PAGE)
            if len(missed) == PAGE:
                return [await self.ready()]
        else:
            missed = ()
        if message.role != "customer":
            # The turn that said this may have changed the language it is to be shown in.
            await self.reload()
        frames = [frame for each in (*missed, message) for frame in await self.news(each)]
        return [*frames, *await self.restated()]

    async def news(self, message: Message) -> list[ServerFrame]:
        self.last = max(self.last, message.seq)
        if message.role == "customer":
            self.asked = max(self.asked, message.seq)
        if not view.visible(message):
            withdrawn = message.withdrawn and self.shown.pop(message.seq, None) is not None
            return [Withdrawn(seq=message.seq)] if withdrawn else []
        shown = await self.show(message)
        return [shown] if self.remember(shown) else []

    async def typing(self, live: TypingChanged) -> Sequence[ServerFrame]:
        """Only of whoever may speak now: a bot that was overtaken types for nobody."""
        controller = self.conversation.controller
        if live.role == "agent" and controller.kind == "desk" and controller.name == live.author:
            return [TypingShown(role="agent", name=await self.name(live.author), on=live.on)]
        if live.role == "bot" and controller.kind == "bot":
            drafted, self.drafted = self.drafted, False
            # What was drafted stays until the message, which is about to come, takes its place.
            return [] if drafted and not live.on else [TypingShown(role="bot", on=live.on)]
        return []

    def drafting(self, live: Drafting) -> Sequence[ServerFrame]:
        """Only while its turn runs: once somebody else speaks, or the answer is there, no word of it is shown."""
        known = self.conversation
        if known.controller.kind != "bot" or known.version > live.version:
            return []
        self.drafted = bool(live.text)
        return [TypingShown(role="bot", on=self.drafted, text=live.text)]

    async def changed(self, live: ConversationChanged) -> Sequence[ServerFrame]:
        if live.conversation.version < self.conversation.version:
            return []
        marks = view.merged(self.conversation.marks, live.conversation.marks)
        self.conversation = replace(view.lean(live.conversation), marks=marks)
        self.queue = live.queue
        return [*await self.restated(), *self.marked()]

    async def restated(self) -> list[ServerFrame]:
        state = await self.standing(())
        if state == self.state:
            return []
        self.state = state
        return [state]

    def marked(self) -> list[ServerFrame]:
        marks = view.shared(view.marks(self.conversation))
        if marks == self.marks:
            return []
        self.marks = marks
        return [marks]

    async def standing(self, messages: Sequence[Message]) -> State:
        self.asked = max((self.asked, *(message.seq for message in messages if message.role == "customer")))
        controller = self.conversation.controller
        agent = await self.name(controller.name) if controller.kind == "desk" and controller.name else ""
        busy = self.asked > self.conversation.processed_seq
        return view.shared(view.state(self.conversation, agent, self.queue, busy=busy))

    async def reload(self) -> None:
        self.conversation = await self.head()
        if self.conversation.handoff is None:
            self.queue = None
        elif self.queue is None:
            self.queue = await self.services.engine.queue_view(self.conversation)

    async def head(self) -> Conversation:
        known = self.conversation
        return view.lean(await self.services.records.conversation(known.app_id, known.id))

    async def show(self, message: Message) -> Shown:
        if message.role == "agent":
            await self.name(message.author)
        return view.shown(message, self.conversation, self.names)

    async def name(self, agent_id: str) -> str:
        if agent_id not in self.names:
            try:
                agent = await self.services.accounts.agent(self.conversation.app_id, agent_id)
                self.names[agent_id] = agent.name
            except NotFound:
                self.names[agent_id] = ""
        return self.names[agent_id]

    def remember(self, shown: Shown) -> bool:
        """Whether this is news. A digest will do: thousands of connections keep these."""
        digest = hash(shown.model_dump_json())
        if self.shown.pop(shown.seq, None) == digest:
            self.shown[shown.seq] = digest
            return False
        self.shown[shown.seq] = digest
        if len(self.shown) > REMEMBERED:
            del self.shown[next(iter(self.shown))]
        return True
