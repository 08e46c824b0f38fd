"""One turn: load, understand, decide, ask, decide again, compose, commit, announce."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from orchestrator import decide
from orchestrator.copies import replace
from orchestrator.engine import handoffs
from orchestrator.engine.app import App
from orchestrator.engine.bots import Answer, BotCaller
from orchestrator.engine.brief import Briefing
from orchestrator.engine.compose import Composer, Speech, earliest
from orchestrator.engine.deliver import Deliverer
from orchestrator.engine.hear import Heard, hear, names_of, owed
from orchestrator.engine.live import Herald
from orchestrator.engine.places import Admission
from orchestrator.errors import Conflict, Fenced
from orchestrator.ports import Clock, Recorder, Store
from orchestrator.types import (
    Awaiting,
    Commit,
    Committed,
    Conversation,
    Decision,
    Handoff,
    Loaded,
    Trace,
)

MOST_TRIES = 8
MOST_REFERRALS = 3
"""Bots that rules may name one after the other in a turn."""
MOST_LINES = 50
"""Messages answered together; a longer burst takes several turns."""

log = structlog.get_logger("parley.turn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a turn is about: `answer` is set when it is known without asking a bot."""

    id: str
    loaded: Loaded
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A turn that is ready to commit, and what of it may be used again when the commit is fenced."""

    commit: Commit
    heard: Heard
    answer: Answer | None
    epoch: int
    outcome: str


class TurnRunner:
    def __init__(
        self,
        *,
        store: Store,
        herald: Herald,
        clock: Clock,
        recorder: Recorder,
        apps: Mapping[str, App],
        briefing: Briefing,
        history: int,
        deliverer: Deliverer,
    ) -> None:
        self.store = store
        self.herald = herald
        self.clock = clock
        self.recorder = recorder
        self.apps = apps
        self.briefing = briefing
        self.caller = BotCaller(clock, recorder)
        self.composer = Composer(clock, briefing.public_url)
        self.history = history
        self.deliverer = deliverer

    async def run(self, conversation_id: str, admission: Admission, *, give_up: bool = False) -> bool:
        """Work on what waits, once, as soon as the app has a place for it. True when there is more to do at once.

        `give_up` leaves the bot out and lets the policy treat it as failed: the turn broke too often.
        """
        began = self.clock.monotonic()
        before: Step | None = None
        for _ in range(MOST_TRIES):
            loaded = await self.store.load(conversation_id, history=self.history)
            app = self.apps.get(loaded.conversation.app_id)
            if app is None:
                log.error("app is not configured", app_id=loaded.conversation.app_id, conversation_id=conversation_id)
                return False
            if not await admission.enter(app.id, loaded.conversation.channel_id):
                continue  # it had to wait: what was loaded is old
            task = self.task(app, loaded, before)
            if task is None:
                self.deliverer.nudged()
                return False
            structlog.contextvars.bind_contextvars(app_id=app.id, conversation_id=conversation_id, turn_id=task.id)
            if give_up and task.answer is None:
                task = replace(task, answer=Answer(bot=loaded.conversation.bot, failed=True))
            step = await self.step(app, task, before, began)
            since = self.clock.monotonic()
            try:
                committed = await self.store.commit(step.commit)
            except Fenced:
                before = step
                continue
            await self.deliverer.hand(committed, step.commit.outbox, since)
            await self.announce(app, step, committed, loaded)
            seconds = self.clock.monotonic() - began
            self.recorder.turn(app.id, step.outcome, seconds)
            tell(step, seconds)
            return len(loaded.pending) > len(step.heard.messages) or committed.conversation.awaiting is not None
        raise Conflict(f"conversation {conversation_id!r} changed {MOST_TRIES} times while a turn ran")

    def task(self, app: App, loaded: Loaded, before: Step | None) -> Task | None:
        """What there is to do now; None when nothing is (somebody did it, or a late bot still has time)."""
        conversation, now = loaded.conversation, self.clock.now()
        awaiting = conversation.awaiting
        if awaiting is not None and awaiting.epoch == conversation.epoch:
            quiet = replace(loaded, pending=())
            if loaded.late is not None:
                return Task(id=awaiting.turn_id, loaded=quiet, answer=Answer(bot=awaiting.bot, actions=loaded.late))
            if awaiting.until <= now:
                return Task(id=awaiting.turn_id, loaded=quiet, answer=Answer(bot=awaiting.bot, failed=True))
            return None
        if loaded.pending:
            lines = len(before.heard.messages) if before and before.heard.messages else MOST_LINES
            pending = loaded.pending[:lines]
            name = f"{conversation.id}.{pending[0].seq}-{pending[-1].seq}"
            return Task(id=name, loaded=replace(loaded, pending=pending))
        if overdue(loaded.handoff, now) or (conversation.wake_at is not None and conversation.wake_at <= now):
            return Task(id=f"{conversation.id}.expired-{conversation.version}", loaded=loaded, answer=Answer(bot=""))
        if conversation.version == 0 and conversation.controller.kind == "bot":
            return Task(id=f"{conversation.id}.0-0", loaded=loaded)
        return None

    async def step(self, app: App, task: Task, before: Step | None, began: float) -> Step:
        known = {message.seq: message for message in before.heard.messages} if before else {}
        heard = await hear(app, task.loaded, known)
        draft = Draft(self, app, task, heard, before, began)
        return await draft.step()

    async def announce(self, app: App, step: Step, committed: Committed, loaded: Loaded) -> None:
        """Tell the desks and widgets what the database now holds."""
        await self.herald.messages((*step.commit.understood, *committed.messages))
        handoff = step.commit.handoff or loaded.handoff
        await self.herald.conversation(app, committed.conversation, handoff if committed.conversation.handoff else None)
        if step.commit.handoff is not None:
            await self.herald.queue(app, step.commit.handoff.team, but=committed.conversation.id)


def tell(step: Step, seconds: float) -> None:
    """One line in the log: a warning when a bot failed, news when a person is asked for, else for those who dig."""
    calls = {call.bot: call.outcome for call in step.answer.calls} if step.answer else {}
    failed = not {"ok", "later"}.issuperset(calls.values())
    write = log.warning if failed else log.debug if step.commit.handoff is None else log.info
    handoff = step.commit.handoff
    case = {"handoff_id": handoff.id, "team": handoff.team, "state": handoff.state} if handoff else {}
    write("bot failed" if failed else "turn", outcome=step.outcome, ms=round(seconds * 1000, 1), bots=calls, **case)


def overdue(handoff: Handoff | None, now: datetime) -> bool:
    return (
        handoff is not None
        and handoff.state == "offered"
        and handoff.expires_at is not None
        and handoff.expires_at <= now
    )


def refers(decision: Decision, answer: Answer) -> bool:
    """Whether a rule about what the bot did names another one, who has not been asked in this turn."""
    return bool(decision.rule) and decision.bot not in {answer.bot, *(call.bot for call in answer.calls)}


def after(first: Answer, second: Answer) -> Answer:
    """The second bot's answer, with the calls that led there."""
    return replace(second, calls=(*first.calls, *second.calls))


class Draft:
    """One try of a turn, from what was heard to what is to be committed."""

    def __init__(
        self, runner: TurnRunner, app: App, task: Task, heard: Heard, before: Step | None, began: float
    ) -> None:
        self.runner = runner
        self.app = app
        self.task = task
        self.heard = heard
        self.before = before
        self.began = began
        self.now = runner.clock.now()
        self.speech = Speech(names=names_of(task.loaded.profile))
        self.decisions: list[Decision] = []
        self.notes: list[str] = []
        self.told = ""
        self.handoff: Handoff | None = None
        self.profile: dict[str, str | int | float | bool | None] = {}
        self.conversation: Conversation = heard.conversation

    async def step(self) -> Step:
        answer: Answer | None = None
        if overdue(self.task.loaded.handoff, self.now):
            self.expire()
        if self.task.answer is not None and not self.task.answer.bot:
            outcome = "waiting"
        else:
            decision = await self.decide(None)
            answer, outcome = await self.follow(decision)
        return Step(
            commit=self.commit(answer, outcome),
            heard=self.heard,
            answer=answer,
            epoch=self.task.loaded.conversation.epoch,
            outcome=outcome,
        )

    async def decide(self, answer: Answer | None) -> Decision:
        facts = await self.runner.briefing.facts(self.app, self.conversation, self.heard, self.task.loaded, answer)
        decision = decide.route(self.app.policy, facts, self.conversation)
        self.decisions.append(decision)
        return decision

    async def follow(self, decision: Decision) -> tuple[Answer | None, str]:
        match decision.route:
            case "handoff":
                await self.hand_off(decision)
                return self.overtaken(), "handed_off"
            case "desk":
                return self.overtaken(), "at_desk"
            case "queue":
                return self.overtaken(), "waiting"
            case "bot":
                return await self.ask(decision.bot or self.conversation.bot)

    def overtaken(self) -> Answer | None:
        """The bot's answer that a change of controller made void: kept for the trace, never sent."""
        if self.before is None or self.before.answer is None:
            return None
        self.notes.append(f"overtaken: computed under epoch {self.before.epoch}, now {self.conversation.epoch}")
        return self.before.answer

    async def ask(self, bot: str) -> tuple[Answer | None, str]:
        answer = self.reusable() or await self.asked(bot)
        for _ in range(MOST_REFERRALS):
            if answer.later:
                self.conversation = replace(self.conversation, awaiting=self.promise(answer), bot=answer.bot)
                return answer, "waiting"
            await self.apply(answer)
            decision = await self.decide(answer)
            if decision.route == "handoff":
                await self.hand_off(decision)
                return answer, "handed_off"
            if not refers(decision, answer):
                break
            answer = after(answer, await self.asked(decision.bot))
        if answer.failed:
            self.runner.composer.notice(self.app, self.conversation, "bot_failed", self.speech, turn_id=self.task.id)
        return answer, "failed" if answer.failed else "answered"

    def reusable(self) -> Answer | None:
        """What a bot said already: late, or in a try of this turn that was fenced under the same epoch."""
        if self.task.answer is not None:
            return self.task.answer
        before = self.before
        return before.answer if before is not None and before.epoch == self.conversation.epoch else None

    async def asked(self, bot: str) -> Answer:
        turn = self.runner.briefing.turn(self.app, self.conversation, self.heard, self.task.loaded, self.task.id, bot)
        async with self.runner.herald.thinking(self.conversation, bot) as typing:
            return await self.runner.caller.ask(self.app, bot, turn, typing)

    def promise(self, answer: Answer) -> Awaiting:
        until = self.now + timedelta(seconds=answer.later)
        return Awaiting(turn_id=self.task.id, bot=answer.bot, epoch=self.conversation.epoch, until=until)

    async def apply(self, answer: Answer) -> None:
        applied = decide.apply_actions(self.conversation, answer.actions, answer.bot, failed=answer.failed)
        self.conversation = replace(applied.conversation, awaiting=None, returned=None)
        self.profile.update(applied.profile)
        self.notes.extend(applied.notes)
        self.told = applied.handoff.summary if applied.handoff else ""
        await self.runner.composer.says(
            self.app, self.conversation, applied.says, bot=answer.bot, turn_id=self.task.id, speech=self.speech
        )

    async def hand_off(self, decision: Decision) -> None:
        conversation, handoff, notice, values = await self.runner.briefing.offer(
            self.app, self.conversation, self.heard, self.task.loaded, decision, self.speech.messages, self.told
        )
        self.conversation, self.handoff = conversation, handoff
        self.runner.composer.notice(self.app, conversation, notice, self.speech, turn_id=self.task.id, **values)

    def expire(self) -> None:
        """Nobody took the case in time: the bot goes on, and the customer is told."""
        handoff = self.task.loaded.handoff
        if handoff is None:
            return
        self.conversation, self.handoff = handoffs.ended(
            self.conversation, handoff, "expired", note="nobody accepted in time", now=self.now
        )
        self.runner.composer.notice(self.app, self.conversation, "offer_expired", self.speech, turn_id=self.task.id)

    def commit(self, answer: Answer | None, outcome: str) -> Commit:
        seqs = tuple(message.seq for message in self.heard.messages)
        open_handoff = self.handoff or self.task.loaded.handoff
        expires = open_handoff.expires_at if open_handoff and self.conversation.handoff else None
        awaiting = self.conversation.awaiting
        head = replace(
            self.conversation,
            processed_seq=max(self.conversation.processed_seq, *seqs, 0),
            choices=tuple(self.speech.choices) if self.speech.messages else self.conversation.choices,
            wake_at=earliest(awaiting.until if awaiting else None, expires),
            updated_at=self.now,
        )
        return Commit(
            conversation=head,
            messages=tuple(self.speech.messages),
            understood=self.heard.messages,
            owed=(*owed(self.heard.messages, self.app.settings.pivot), *self.speech.owed),
            outbox=tuple(self.speech.outbox),
            handoff=self.handoff,
            trace=self.trace(answer, outcome, seqs),
            profile=self.profile,
            hold=self.runner.deliverer.hold,
            at=self.now,
        )

    def trace(self, answer: Answer | None, outcome: str, seqs: tuple[int, ...]) -> Trace:
        discarded = any(note.startswith("overtaken") for note in self.notes)
        return Trace(
            id=self.runner.clock.new_id(),
            app_id=self.app.id,
            conversation_id=self.conversation.id,
            turn_id=self.task.id,
            at=self.now,
            ms=round((self.runner.clock.monotonic() - self.began) * 1000, 2),
            epoch=self.task.loaded.conversation.epoch,
            outcome="discarded" if discarded else outcome,  # type: ignore[arg-type]
            seqs=seqs,
            stages=(*self.heard.stages, *self.speech.stages),
            decisions=tuple(self.decisions),
            bots=answer.calls if answer else (),
            actions=answer.actions if answer else (),
            losses=tuple(self.speech.losses),
            notes=tuple(self.notes),
        )
