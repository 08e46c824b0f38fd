"""Running turns: load, understand, draft, commit, announce; again when the commit is fenced."""

from collections.abc import Mapping
from contextlib import suppress

import structlog

from orchestrator.copies import replace
from orchestrator.engine.app import App
from orchestrator.engine.bots import Answer, BotCaller
from orchestrator.engine.brief import Briefing
from orchestrator.engine.compose import Composer
from orchestrator.engine.deliver import Deliverer
from orchestrator.engine.draft import Draft, Step, Task, overdue
from orchestrator.engine.fetch import Fetcher
from orchestrator.engine.hear import hear
from orchestrator.engine.live import Herald
from orchestrator.engine.lookout import Lookout
from orchestrator.engine.places import Admission
from orchestrator.errors import Conflict, Fenced, NotFound, Unavailable
from orchestrator.ports import Clock, Recorder, Store
from orchestrator.types import Awaiting, BotCall, Committed, Loaded, Message, NotUnderstood

MOST_TRIES = 8
MOST_LINES = 50
"""Messages answered together; a longer burst takes several turns."""

log = structlog.get_logger("parley.turn")


class TurnRunner:
    def __init__(
        self,
        *,
        store: Store,
        herald: Herald,
        clock: Clock,
        recorder: Recorder,
        lookout: Lookout,
        briefing: Briefing,
        history: int,
        deliverer: Deliverer,
        fetcher: Fetcher,
    ) -> None:
        self.store = store
        self.herald = herald
        self.clock = clock
        self.recorder = recorder
        self.lookout = lookout
        self.briefing = briefing
        self.caller = BotCaller(clock, recorder)
        self.composer = Composer(clock, briefing.public_url, briefing.links)
        self.history = history
        self.deliverer = deliverer
        self.fetcher = fetcher

    async def run(self, conversation_id: str, admission: Admission, *, give_up: bool = False) -> bool:
        """Work on what waits, once, as soon as the app has a place for it. True when there is more to do at once.

        `give_up` leaves the bot out and lets the policy treat it as failed: the turn broke too often.
        """
        began = self.clock.monotonic()
        before: Step | None = None
        tried = ""
        for _ in range(MOST_TRIES):
            loaded = await self.store.load(conversation_id, history=self.history)
            app = await self.lookout.app(loaded.conversation.app_id, loaded.conversation.channel_id)
            if app is None:
                log.error("app is not configured", app_id=loaded.conversation.app_id, conversation_id=conversation_id)
                return False
            if not await self.prepared(app, loaded, admission):
                continue
            before, task = self.next(app, loaded, before, tried)
            if task is None:
                self.deliverer.nudged()
                await self.retell(app, loaded)
                return False
            structlog.contextvars.bind_contextvars(app_id=app.id, conversation_id=conversation_id, turn_id=task.id)
            if give_up and task.answer is None:
                task = replace(task, answer=Answer(bot=loaded.conversation.bot, failed=True))
            step = await self.step(app, task, before, began)
            since = self.clock.monotonic()
            try:
                committed = await self.store.commit(step.commit)
            except Fenced:
                before, tried = step, task.id
                continue
            except Unavailable:
                self.deliverer.unsure(conversation_id)
                raise
            await self.deliverer.hand(committed, step.commit.outbox, since)
            await self.announce(app, step, committed, loaded)
            self.told(app, task, step, began)
            return len(loaded.pending) > len(step.heard.messages) or committed.conversation.awaiting is not None
        raise Conflict(f"conversation {conversation_id!r} changed {MOST_TRIES} times while a turn ran")

    async def prepared(self, app: App, loaded: Loaded, admission: Admission) -> bool:
        """False when it took a while, for a place or for a customer's file: what was loaded is old then."""
        if not await admission.enter(app.id, loaded.conversation.channel_id):
            return False
        return not await self.fetcher.fetch(app, loaded)

    def next(self, app: App, loaded: Loaded, before: Step | None, tried: str) -> tuple[Step | None, Task | None]:
        """What there is to do, and what of the step `before`, which was fenced when it tried that turn, still holds."""
        if before is not None and reworded(before, loaded):
            before = None
        task = self.task(app, loaded, before)
        if before is not None and task is not None and task.id != tried:
            # Somebody else did that turn: what its bot said must answer nothing else.
            return None, self.task(app, loaded, None)
        return before, task

    def told(self, app: App, task: Task, step: Step, began: float) -> None:
        """Tell whoever counts and logs."""
        seconds = self.clock.monotonic() - began
        self.recorder.turn(app.id, step.outcome, seconds)
        tell(step, seconds)
        watched(app, task.id, step)

    def task(self, app: App, loaded: Loaded, before: Step | None) -> Task | None:
        """What there is to do now; None when nothing is (somebody did it, or a late bot still has time)."""
        conversation, now = loaded.conversation, self.clock.now()
        awaiting = conversation.awaiting
        if awaiting is not None and awaiting.epoch == conversation.epoch:
            quiet = replace(loaded, pending=())
            if loaded.late is not None:
                return Task(id=awaiting.turn_id, loaded=quiet, answer=Answer(bot=awaiting.bot, actions=loaded.late))
            if awaiting.until <= now:
                return Task(id=awaiting.turn_id, loaded=quiet, answer=broken_promise(awaiting), unanswered=awaiting)
            return None
        if loaded.pending:
            lines = len(before.heard.messages) if before and before.heard.messages else MOST_LINES
            pending = loaded.pending[:lines]
            name = f"{conversation.id}.{pending[0].seq}-{pending[-1].seq}"
            gone = all(message.deleted_at for message in pending)
            answer = Answer(bot="") if gone else None
            kept = loaded if pending == loaded.pending else replace(loaded, pending=pending)
            return Task(id=name, loaded=kept, answer=answer)
        woken = conversation.wake_at is not None and conversation.wake_at <= now
        if woken and conversation.opening is not None and conversation.controller.kind == "bot":
            # The numbers are those of the lines a turn is about: there are none.
            return Task(id=f"{conversation.id}.{int(conversation.opening.timestamp() * 1000)}-0", loaded=loaded)
        if woken or overdue(loaded.handoff, now):
            return Task(id=f"{conversation.id}.expired-{conversation.version}", loaded=loaded, answer=Answer(bot=""))
        if conversation.version == 0 and conversation.controller.kind == "bot":
            return Task(id=f"{conversation.id}.0-0", loaded=loaded)
        return None

    async def step(self, app: App, task: Task, before: Step | None, began: float) -> Step:
        known = {message.seq: message for message in before.heard.messages} if before else {}
        heard = await hear(app, task.loaded, known)
        if any(message.quotes for message in heard.messages):
            heard = replace(heard, quoted=await self.quoted(task.loaded))
        draft = Draft(self, app, task, heard, before, began)
        return await draft.step()

    async def quoted(self, loaded: Loaded) -> Mapping[str, Message]:
        """What the waiting messages answer to, by id. A platform's id that nobody knows here finds nothing."""
        near = {message.id: message for message in (*loaded.history, *loaded.pending)}
        found: dict[str, Message] = {}
        for message in loaded.pending:
            if message.quotes in near:
                found[message.quotes] = near[message.quotes]
            elif message.quotes:
                with suppress(NotFound):
                    older = await self.herald.records.message(message.app_id, message.quotes)
                    if older.conversation_id == message.conversation_id:
                        found[older.id] = older
        return found

    async def retell(self, app: App, loaded: Loaded) -> None:
        """Everything is done here; a process that died may not have come to say so."""
        if not self.deliverer.hold or not loaded.history:
            return
        turn_id = loaded.history[-1].turn_id
        await self.herald.messages([message for message in loaded.history if turn_id and message.turn_id == turn_id])
        await self.herald.conversation(app, loaded.conversation, loaded.handoff)

    async def announce(self, app: App, step: Step, committed: Committed, loaded: Loaded) -> None:
        """Tell the desks and widgets what the database now holds."""
        await self.herald.messages((*step.commit.understood, *committed.messages))
        await self.herald.refused(step.commit.outbox)
        handoff = step.commit.handoff or loaded.handoff
        await self.herald.conversation(app, committed.conversation, handoff if committed.conversation.handoff else None)
        if step.commit.handoff is not None:
            await self.herald.queue(app, step.commit.handoff.team, but=committed.conversation.id)


def reworded(before: Step, loaded: Loaded) -> bool:
    """Whether somebody changed, since the step was made, what it answers to."""
    now = {message.seq: message for message in loaded.pending}
    return any(
        (known := now.get(message.seq)) is not None
        and (known.parts, known.quotes, known.deleted_at) != (message.parts, message.quotes, message.deleted_at)
        for message in before.heard.messages
    )


def broken_promise(awaiting: Awaiting) -> Answer:
    call = BotCall(bot=awaiting.bot, outcome="timeout", detail="promised an answer and gave none")
    return Answer(bot=awaiting.bot, calls=(call,), failed=True)


def watched(app: App, turn_id: str, step: Step) -> None:
    """Count how the bots did. A turn that was overtaken counts for nobody."""
    if app.watch is None or step.answer is None or step.outcome in ("at_desk", "discarded"):
        return
    feeling = step.heard.understanding.sentiment if step.heard.understanding else None
    app.watch.turned(
        app.id,
        step.commit.conversation.id,
        turn_id,
        step.answer.calls,
        handed_off=step.outcome == "handed_off",
        misunderstood=any(isinstance(action, NotUnderstood) for action in step.answer.actions),
        sentiment=feeling.score if feeling else None,
    )


def tell(step: Step, seconds: float) -> None:
    """One line in the log: a warning when a bot failed, news when a person is asked for, else for those who dig."""
    calls = {call.bot: call.outcome for call in step.answer.calls} if step.answer else {}
    failed = not {"ok", "later"}.issuperset(calls.values())
    write = log.warning if failed else log.debug if step.commit.handoff is None else log.info
    handoff = step.commit.handoff
    case = {"handoff_id": handoff.id, "team": handoff.team, "state": handoff.state} if handoff else {}
    write("bot failed" if failed else "turn", outcome=step.outcome, ms=round(seconds * 1000, 1), bots=calls, **case)
