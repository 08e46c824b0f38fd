"""accept / turn / deliver: the one place where effects are ordered."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from orchestrator.config import EngineSettings, MediaSettings, ProcessRole
from orchestrator.engine.app import App, Channel
from orchestrator.engine.attempt import Attempts
from orchestrator.engine.backlog import Backlog
from orchestrator.engine.brief import Briefing
from orchestrator.engine.callback import Tickets
from orchestrator.engine.continuing import Continuing
from orchestrator.engine.deliver import Deliverer, Forwarder
from orchestrator.engine.desk import Desk
from orchestrator.engine.fetch import Fetcher
from orchestrator.engine.inbox import Inbox
from orchestrator.engine.listen import Listeners
from orchestrator.engine.live import Herald
from orchestrator.engine.lookout import Lookout
from orchestrator.engine.opening import Opening
from orchestrator.engine.outside import Outside
from orchestrator.engine.pace import Pacer
from orchestrator.engine.pauses import Pauses
from orchestrator.engine.places import Places, shared
from orchestrator.engine.repair import Repairer
from orchestrator.engine.signs import Signs
from orchestrator.engine.turn import TurnRunner
from orchestrator.engine.web_forms import FormLinks, WebForms
from orchestrator.engine.window import Window
from orchestrator.engine.wordings import Wordings
from orchestrator.engine.worker import Worker
from orchestrator.errors import Conflict, NotFound
from orchestrator.ports import (
    Bus,
    Channels,
    Clock,
    Files,
    Http,
    Letters,
    People,
    Recorder,
    Records,
    Store,
    Threaded,
    Translations,
)
from orchestrator.types import (
    Accepted,
    Action,
    Conversation,
    Inbound,
    Marked,
    Marks,
    Outgoing,
    QueueView,
    Received,
    Role,
    Started,
    Text,
    TypingChanged,
)

log = structlog.get_logger("parley.engine")

CALLBACK_LIFETIME = timedelta(minutes=15)
LETTING_GO = 1.0
"""Seconds a cancelled turn has to close what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the engine stands on: where things are kept, what carries them, time, and the outside."""

    store: Store
    records: Records
    letters: Letters
    translations: Translations
    people: People
    channels: Channels
    bus: Bus
    clock: Clock
    recorder: Recorder
    files: Files
    http: Http


class Engine:
    """Everything that happens to conversations in this process. `open` starts its work, `stop` finishes it.

    With the role "web" it accepts, and agents and customers are served, but turns and deliveries are other processes'.
    `together` tells that there may be other processes.
    """

    def __init__(
        self,
        apps: Mapping[str, App],
        world: World,
        *,
        settings: EngineSettings,
        media: MediaSettings,
        secret: str,
        public_url: str,
        role: ProcessRole = "all",
        together: bool = False,
    ) -> None:
        self.apps = apps
        self.settings = settings
        self.role = role
        self.store, self.records, self.channels = world.store, world.records, world.channels
        self.bus, self.clock, self.recorder = world.bus, world.clock, world.recorder
        self.lookout = Lookout(apps)
        self.signs = Signs(apps)
        self.herald = Herald(world.bus, world.records, world.clock, self.signs)
        self.tickets = Tickets(secret, CALLBACK_LIFETIME)
        links = FormLinks(secret, public_url)
        self.forms = WebForms(links, world.records, world.clock, self.accept)
        self.briefing = Briefing(
            herald=self.herald, clock=world.clock, tickets=self.tickets, public_url=public_url, links=links
        )
        holder = f"{role}-{world.clock.new_id()}"
        self.pauses = Pauses(world.channels, world.clock, holder)
        self.deliverer = self.delivering(settings.hold_seconds if together else 0.0, public_url)
        self.desk = self.at_the_desk()
        self.worker = self.working(world, media)
        self.backlog = self.waiting()
        self.repairer = self.repairing(world.translations)
        self.continuing = Continuing(world.people, world.records, self.desk, world.clock, secret)
        self.inbox = self.taking_in(world.letters)
        self.listeners = Listeners(apps, self, world.channels, world.clock, holder)
        self.wordings = Wordings(self.desk, world.translations, world.clock)
        self.running: list[asyncio.Task[None]] = []

    def delivering(self, hold: float, public_url: str) -> Deliverer:
        attempts = Attempts(
            self.lookout,
            Pacer(self.bus),
            self.pauses,
            Window(records=self.records, clock=self.clock),
            self.clock,
            retries=self.settings.send_retries,
            seconds=hold / 2,
            public_url=public_url,
        )
        return Deliverer(
            self.store,
            attempts,
            self.clock,
            self.recorder,
            sweep=self.settings.sweep_seconds,
            hold=hold,
            herald=self.herald,
            opted_out=self.opted_out,
        )

    def at_the_desk(self) -> Desk:
        return Desk(
            store=self.store,
            records=self.records,
            bus=self.bus,
            herald=self.herald,
            clock=self.clock,
            apps=self.apps,
            briefing=self.briefing,
            history=self.settings.history,
            deliverer=Forwarder(self.bus) if self.role == "web" else self.deliverer,
        )

    def working(self, world: World, media: MediaSettings) -> Worker:
        fetcher = Fetcher(
            store=self.store,
            files=world.files,
            http=world.http,
            herald=self.herald,
            clock=self.clock,
            max_bytes=media.max_bytes,
            seconds=media.fetch_seconds,
        )
        runner = TurnRunner(
            store=self.store,
            herald=self.herald,
            clock=self.clock,
            recorder=self.recorder,
            lookout=self.lookout,
            briefing=self.briefing,
            history=self.settings.history,
            deliverer=self.deliverer,
            fetcher=fetcher,
        )
        return Worker(
            runner,
            store=self.store,
            bus=self.bus,
            clock=self.clock,
            places=places(self.settings, self.apps),
            sweep=self.settings.sweep_seconds,
        )

    def waiting(self) -> Backlog:
        return Backlog(
            self.store,
            self.clock,
            most=self.settings.max_backlog,
            most_per_app=self.settings.max_backlog_per_app,
            sweep=self.settings.sweep_seconds,
        )

    def repairing(self, translations: Translations) -> Repairer:
        return Repairer(
            apps=self.apps,
            store=self.store,
            records=self.records,
            translations=translations,
            herald=self.herald,
            clock=self.clock,
            seconds=self.settings.sweep_seconds,
            repairs=self.role != "web",
        )

    def taking_in(self, letters: Letters) -> Inbox:
        return Inbox(
            store=self.store,
            records=self.records,
            bus=self.bus,
            herald=self.herald,
            clock=self.clock,
            recorder=self.recorder,
            backlog=self.backlog,
            outside=Outside(store=self.store, records=self.records, clock=self.clock, desk=self.desk),
            continuing=self.continuing,
            opening=Opening(clock=self.clock, desk=self.desk),
            letters=letters,
            look=self.deliverer.kicked.set,
        )

    async def open(self) -> None:
        for app in self.apps.values():
            for channel in app.channels.values():
                self.equip(channel)
        jobs: dict[str, Coroutine[None, None, None]] = {"backlog": self.backlog.run(), "repair": self.repairer.run()}
        if self.role != "web":
            jobs |= {"worker": self.worker.run(), "sweep": self.worker.sweep(), "deliver": self.deliverer.run()}
            jobs |= {"listen": self.listeners.run()}
        self.running = [asyncio.create_task(job, name=f"parley-{name}") for name, job in jobs.items()]

    def equip(self, channel: Channel) -> None:
        """Give a connector what it asks of the engine, before anything else is asked of it."""
        if isinstance(channel.connector, Threaded):
            channel.connector.remember(self.recall)

    async def introduce(self, channel: Channel) -> None:
        """A channel that begins while others run. What was wrong with one of its name before is forgotten."""
        self.equip(channel)
        await self.pauses.over(channel.id)

    def rearranged(self) -> None:
        """There are other channels than before."""
        per_app = self.worker.places.per_app
        self.worker.places.per_channel = per_channel(self.settings, self.apps, per_app)
        self.listeners.changed.set()

    async def recall(self, conversation_id: str) -> Mapping[str, Any]:
        return (await self.store.load(conversation_id, history=0)).conversation.context

    @property
    def alive(self) -> bool:
        return bool(self.running) and not any(task.done() for task in self.running)

    async def stop(self, seconds: float) -> None:
        """Take no new work; give running turns and sends so many seconds, then let go: the next start finishes them."""
        if not self.running:
            return
        for task in self.running:
            task.cancel()
        self.worker.dismiss()
        await asyncio.gather(*self.running, return_exceptions=True)
        self.running = []
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        try:
            # A turn that ends may begin a delivery.
            while (left := self.worker.tasks | self.deliverer.tasks) and (rest := until - loop.time()) > 0:
                await asyncio.wait(left, timeout=rest)
        finally:
            await self.deliverer.hand_back()
            await self.let_go(self.worker.tasks | self.deliverer.tasks | self.signs.tasks)

    async def let_go(self, left: set[asyncio.Task[None]]) -> None:
        """A bot that will not even be cancelled is left behind."""
        if left:
            log.warning("stopped before all was finished; the next start does it again", tasks=len(left))
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=LETTING_GO)

    async def accept(self, app_id: str, channel_id: str, events: Sequence[Inbound]) -> list[Accepted]:
        """Durable when it returns. Raises NotFound, Unavailable: also when too much waits already."""
        app = await self.lookout.app(app_id, channel_id) or self.app(app_id)
        channel = app.channel(channel_id)
        if self.backlog.full(app_id) and any(isinstance(event, Received | Started) for event in events):
            await self.backlog.admit(app_id)
        return await self.inbox.take(app, channel, events)

    async def read_by_customer(self, app_id: str, conversation_id: str, *, delivered: int = 0, read: int = 0) -> Marks:
        """The customer's screen has shown messages up to `delivered`, and they looked at those up to `read`."""
        conversation = await self.records.conversation(app_id, conversation_id)
        last = conversation.last_seq
        wanted = Marks(customer_delivered=min(max(delivered, read), last), customer_read=min(read, last))
        marks = await self.store.mark(conversation_id, wanted)
        await self.bus.publish(Marked(app_id=app_id, conversation_id=conversation_id, marks=marks))
        return marks

    async def typing(self, app_id: str, conversation_id: str, role: Role, author: str, on: bool) -> None:
        if role == "agent":
            self.signs.show(await self.records.conversation(app_id, conversation_id), on)
        await self.bus.publish(
            TypingChanged(app_id=app_id, conversation_id=conversation_id, role=role, author=author, on=on)
        )

    async def set_context(
        self, app_id: str, conversation_id: str, context: Mapping[str, Any], language: str = ""
    ) -> None:
        await self.records.conversation(app_id, conversation_id)
        await self.store.set_context(conversation_id, context, language)
        loaded = await self.store.load(conversation_id, history=0)
        await self.herald.conversation(self.app(app_id), loaded.conversation, loaded.handoff)

    async def answer_late(self, token: str, actions: Sequence[Action]) -> None:
        """A bot's answer by callback. Raises Unauthenticated, or Conflict when it was given or its turn is over."""
        ticket = self.tickets.read(token, self.clock.now())
        loaded = await self.store.load(ticket.conversation_id, history=0)
        conversation = loaded.conversation
        awaited = conversation.awaiting is not None and conversation.awaiting.turn_id == ticket.turn_id
        # A bot may call back before the turn that promised its answer has committed.
        running = conversation.processed_seq < ticket.last_seq
        if conversation.epoch != ticket.epoch or not (awaited or running):
            raise Conflict("this turn is over: it was answered, or somebody else speaks to the customer now")
        if not await self.store.answer_late(conversation.id, ticket.turn_id, actions):
            raise Conflict("this turn has been answered already")
        await self.bus.wake(conversation.id, conversation.app_id)

    async def opted_out(self, row: Outgoing) -> None:
        await self.inbox.outside.refused(row)

    async def look(self, conversation_id: str, app_id: str) -> None:
        """There is something to send that no turn has committed."""
        self.deliverer.kicked.set()
        await self.bus.wake(conversation_id, app_id)

    async def worded(self, app_id: str, text: str, source: str, target: str) -> str:
        """A canned text of the app for a customer of that language; as it is where no engine can."""
        translated = await self.app(app_id).understander.translate((Text(text=text),), source, target)
        return "\n".join(part.text for part in translated.parts or () if isinstance(part, Text)) or text

    async def queue_view(self, conversation: Conversation) -> QueueView | None:
        return await self.herald.queue_view(self.app(conversation.app_id), conversation)

    def app(self, app_id: str) -> App:
        if app_id not in self.apps:
            raise NotFound(f"there is no app {app_id!r}")
        return self.apps[app_id]


def places(settings: EngineSettings, apps: Mapping[str, App]) -> Places:
    """One app of several gets no more than its share, and so does one channel of several of an app."""
    per_app = shared(settings.concurrency, settings.share, len(apps) > 1)
    return Places(settings.concurrency, per_app, per_channel(settings, apps, per_app))


def per_channel(settings: EngineSettings, apps: Mapping[str, App], per_app: int) -> int:
    return shared(per_app, settings.share, any(len(app.channels) > 1 for app in apps.values()))
