"""One try of a turn, from what was heard to what is to be committed: decide, ask, decide again, compose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator import decide
from orchestrator.copies import replace
from orchestrator.engine import handoffs
from orchestrator.engine.app import App
from orchestrator.engine.bots import Answer
from orchestrator.engine.compose import Speech, earliest
from orchestrator.engine.hear import Heard, names_of, owed
from orchestrator.types import Awaiting, Commit, Conversation, Decision, Handoff, Loaded, Message, Trace

if TYPE_CHECKING:
    from orchestrator.engine.turn import TurnRunner

MOST_REFERRALS = 3
"""Bots that rules may name one after the other in a turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a turn is about: `answer` is set when it is known without asking a bot.

    `unanswered` is what a bot promised to answer later and did not: its fallback is asked about it.
    """

    id: str
    loaded: Loaded
    answer: Answer | None = None
    unanswered: Awaiting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A turn that is ready to commit, and what of it may be used again when the commit is fenced."""

    commit: Commit
    heard: Heard
    answer: Answer | None
    epoch: int
    outcome: str


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


def lines_of(awaiting: Awaiting, loaded: Loaded) -> Heard:
    """What the turn was about whose answer is awaited, as far as history reaches back; its id tells."""
    first, _, last = awaiting.turn_id.rpartition(".")[2].partition("-")
    wanted = range(int(first), int(last) + 1)
    said = tuple(message for message in loaded.history if message.seq in wanted and message.role == "customer")
    return Heard(conversation=loaded.conversation, messages=said, meant=tuple(message.parts for message in said))


def willing(head: Conversation, said: Sequence[Message]) -> Conversation:
    """Who writes to us takes messages, unless they said themselves that they don't."""
    since = head.opted_out
    if since is None or not head.opt_out_learnt or all(message.at <= since for message in said):
        return head
    return replace(head, opted_out=None, opt_out_learnt=False)


class Draft:
    """One try of a turn."""

    def __init__(
        self, runner: "TurnRunner", app: App, task: Task, heard: Heard, before: Step | None, began: float
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
        self.conversation: Conversation = willing(heard.conversation, heard.messages)

    async def step(self) -> Step:
        answer: Answer | None = None
        if overdue(self.task.loaded.handoff, self.now):
            await self.expire()
        if self.task.answer is not None and not self.task.answer.bot:
            outcome = "waiting"
        elif await self.welcomed():
            outcome = "answered"
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

    async def welcomed(self) -> bool:
        """Whether the channel has words of its own for a customer who has just opened a conversation, or does again."""
        channel = self.app.channels.get(self.conversation.channel_id)
        welcome = channel.settings.welcome if channel else ""
        begins = not self.conversation.version or self.conversation.opening is not None
        if not welcome or self.heard.messages or not begins or self.task.answer:
            return False
        await self.runner.composer.welcome(self.app, self.conversation, welcome, self.speech, turn_id=self.task.id)
        return True

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
                return await self.fill() or await self.ask(decision.bot or self.conversation.bot)

    async def fill(self) -> tuple[Answer | None, str] | None:
        """Go on with a form that is asked field by field; None when the bot is to hear of what was said."""
        filled = self.heard.filled
        if filled is None:
            return None
        self.conversation = replace(self.conversation, filling=filled.filling)
        if filled.outcome == "asking":
            await self.question(filled.hints)
            return None, "answered"
        for hint in filled.hints:
            await self.runner.composer.notice(self.app, self.conversation, hint, self.speech, turn_id=self.task.id)
        return (None, "answered") if filled.outcome == "cancelled" else None

    async def question(self, hints: Sequence[str]) -> None:
        self.conversation = await self.runner.composer.question(
            self.app, self.conversation, hints, self.speech, turn_id=self.task.id
        )

    def overtaken(self) -> Answer | None:
        """The bot's answer that a change of controller made void: kept for the trace, never sent."""
        if self.before is None or self.before.answer is None:
            return None
        self.notes.append(f"overtaken: computed under epoch {self.before.epoch}, now {self.conversation.epoch}")
        return self.before.answer

    async def ask(self, bot: str) -> tuple[Answer | None, str]:
        answer = await self.instead(self.reusable()) or await self.asked(bot)
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
        if self.speech.form is not None:
            self.conversation = replace(self.conversation, filling=self.speech.form)
            await self.question(("form_begins",))
        if answer.failed:
            await self.runner.composer.notice(
                self.app, self.conversation, "bot_failed", self.speech, turn_id=self.task.id
            )
        return answer, "failed" if answer.failed else "answered"

    def reusable(self) -> Answer | None:
        """What a bot said already: late, or in a try of this turn that was fenced under the same epoch."""
        if self.task.answer is not None:
            return self.task.answer
        before = self.before
        return before.answer if before is not None and before.epoch == self.conversation.epoch else None

    async def instead(self, known: Answer | None) -> Answer | None:
        """What is known already; where a promised answer never came, what the fallback of that bot says."""
        awaiting = self.task.unanswered
        running = self.app.bots.get(awaiting.bot) if awaiting else None
        if known is None or awaiting is None or running is None or not running.settings.fallback:
            return known
        return after(known, await self.asked(running.settings.fallback, lines_of(awaiting, self.task.loaded)))

    async def asked(self, bot: str, heard: Heard | None = None) -> Answer:
        """`heard` is what it is asked about, by default what this turn is about."""
        heard = heard or self.heard
        turn = self.runner.briefing.turn(self.app, self.conversation, heard, self.task.loaded, self.task.id, bot)
        async with self.runner.herald.thinking(self.conversation, bot) as show:
            return await self.runner.caller.ask(self.app, bot, turn, show)

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
        await self.runner.composer.notice(self.app, conversation, notice, self.speech, turn_id=self.task.id, **values)

    async def expire(self) -> None:
        """Nobody took the case in time: the bot goes on, and the customer is told."""
        handoff = self.task.loaded.handoff
        if handoff is None:
            return
        self.conversation, self.handoff = handoffs.ended(
            self.conversation, handoff, "expired", note="nobody accepted in time", now=self.now
        )
        await self.runner.composer.notice(
            self.app, self.conversation, "offer_expired", self.speech, turn_id=self.task.id
        )

    def commit(self, answer: Answer | None, outcome: str) -> Commit:
        seqs = tuple(message.seq for message in self.heard.messages)
        open_handoff = self.handoff or self.task.loaded.handoff
        expires = open_handoff.expires_at if open_handoff and self.conversation.handoff else None
        awaiting = self.conversation.awaiting
        head = replace(
            self.conversation,
            processed_seq=max(self.conversation.processed_seq, *seqs, 0),
            choices=tuple(self.speech.choices) if self.speech.messages else self.conversation.choices,
            filling=self.conversation.filling if self.conversation.status == "open" else None,
            wake_at=earliest(awaiting.until if awaiting else None, expires),
            opening=None,
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
