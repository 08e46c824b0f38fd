"""Asking a bot: under its deadline, behind its circuit breaker, with its fallback when it fails."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from orchestrator.copies import replace
from orchestrator.engine.app import App, Candidate, RunningBot
from orchestrator.engine.hear import names_of
from orchestrator.engine.panel import Sitting
from orchestrator.engine.watch import Heard
from orchestrator.errors import BotFailed, BotLater, BotTimeout
from orchestrator.ports import Clock, Panel, Recorder
from orchestrator.types import (
    Action,
    Arm,
    BotCall,
    Partial,
    PassTo,
    Profile,
    SetSlots,
    Text,
    Turn,
    Typing,
)

MOST_ACTIONS = 50
MOST_LOOKS = 20_000
"""Signs of life in a turn: each is a look at the answer so far, which a model may grow by a letter."""
MOST_BOTS = 4
"""Bots one turn may visit, by fallback or by passing on: bots never loop."""


class Show(Protocol):
    """Lets the customer see that an answer is coming, or what there is of it; "" takes that back."""

    async def __call__(self, so_far: str | None = None) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking: `bot` is who answered last; `later` seconds until a promised answer is overdue."""

    bot: str
    actions: tuple[Action, ...] = ()
    calls: tuple[BotCall, ...] = ()
    failed: bool = False
    later: float = 0.0


class BotCaller:
    def __init__(self, clock: Clock, recorder: Recorder) -> None:
        self.clock = clock
        self.recorder = recorder

    async def ask(self, app: App, name: str, turn: Turn, show: Show) -> Answer:
        """Ask `name`, then its fallbacks while they fail, then whom they pass to. Never raises for a bot's fault."""
        calls: list[BotCall] = []
        gathered: list[Action] = []
        passed: tuple[PassTo, ...] = ()
        for _ in range(MOST_BOTS):
            answer = await self.one(app, name, turn, show)
            calls.extend(answer.calls)
            if answer.failed:
                following = app.bots[name].settings.fallback if name in app.bots else ""
            else:
                gathered.extend(action for action in answer.actions if not isinstance(action, PassTo))
                turn = carried(turn, answer.actions)
                wished = tuple(action for action in answer.actions if isinstance(action, PassTo))
                passed = wished or passed
                following = wished[-1].bot if wished else ""
            if not following or any(call.bot == following for call in calls):
                return replace(answer, actions=(*gathered, *passed), calls=tuple(calls))
            name = following
        return Answer(bot=name, actions=(*gathered, *passed), calls=tuple(calls), failed=not gathered)

    async def one(self, app: App, name: str, turn: Turn, show: Show) -> Answer:
        """The bot's answer, or its candidate's for customers who meet that: when it fails, the bot is asked after all.

        In the shadow the candidate is asked too, beside the bot, and nobody waits for it.
        """
        candidate = app.candidates.get(name)
        running = app.bots.get(name)
        if running is None:
            return Answer(bot=name, calls=(BotCall(bot=name, outcome="unknown"),), failed=True)
        if candidate is None:
            return await self.measured(app, running, turn, show)
        if candidate.takes(turn.customer_id):
            answer = await self.measured(app, candidate.running, turn, show, "canary")
            if not answer.failed:
                return answer
            instead = await self.measured(app, running, turn, show)
            return replace(instead, calls=(*answer.calls, *instead.calls))
        if candidate.mode != "shadow" or app.watch is None:
            return await self.measured(app, running, turn, show)
        return await self.shadowed(app, running, candidate, turn, show)

    async def shadowed(self, app: App, running: RunningBot, candidate: Candidate, turn: Turn, show: Show) -> Answer:
        live: asyncio.Future[tuple[Action, ...]] = asyncio.get_running_loop().create_future()

        async def ask(quiet: Turn) -> Heard:
            answer = await self.measured(app, candidate.running, quiet, unseen, "shadow")
            return Heard(call=answer.calls[0], actions=answer.actions)

        if app.watch is not None:
            app.watch.shadow(candidate, turn, ask, live)
        answer: Answer | None = None
        try:
            answer = await self.measured(app, running, turn, show)
            return answer
        finally:
            live.set_result(answer.actions if answer is not None else ())

    async def measured(self, app: App, running: RunningBot, turn: Turn, show: Show, arm: Arm = "live") -> Answer:
        name = running.name
        if not running.breaker.admit():
            self.recorder.bot(name, "open_circuit", 0.0)
            call = BotCall(bot=name, outcome="open_circuit", version=running.version, arm=arm)
            return Answer(bot=name, calls=(call,), failed=True)
        began = self.clock.monotonic()
        try:
            if running.panel is not None:
                answer = await self.panel(app, running, running.panel, turn, show)
            else:
                answer = await self.call(running, await self.addressed(app, running, turn), show)
        except asyncio.CancelledError:
            running.breaker.left()
            raise
        ms = (self.clock.monotonic() - began) * 1000
        call = replace(answer.calls[0], ms=round(ms, 2), version=running.version, arm=arm)
        (running.breaker.failed if answer.failed else running.breaker.succeeded)()
        self.recorder.bot(name, call.outcome, ms / 1000)
        return replace(answer, calls=(call, *answer.calls[1:]))

    async def panel(self, app: App, running: RunningBot, panel: Panel, turn: Turn, show: Show) -> Answer:
        """The answer of the member it chose, with a BotCall of each that was asked."""
        turn = replace(turn, bot=running.name)
        calls: list[BotCall] = []

        async def ask(name: str) -> Sequence[Action] | None:
            member = app.bots.get(name)
            if member is None or member.panel is not None:
                calls.append(BotCall(bot=name, outcome="unknown"))
                return None
            answer = await self.measured(app, member, turn, unseen)
            calls.extend(answer.calls)
            return None if answer.failed or answer.later else answer.actions

        await show()
        sitting = Sitting(panel, turn, ask)
        try:
            async with asyncio.timeout(running.settings.deadline):
                name = await sitting.winner()
        except TimeoutError:
            name = panel.choose(turn, sitting.bids, False)
        name = name or panel.settle(turn, sitting.bids)
        if not name:
            failed = failure(running.name, "failed", "none of its bots had an answer")
            return replace(failed, calls=(*failed.calls, *calls))
        mine = BotCall(bot=running.name, outcome="ok", detail=f"chose {name}")
        return Answer(bot=name, actions=(*sitting.bids[name], *panel.noted(turn, name)), calls=(mine, *calls))

    async def addressed(self, app: App, running: RunningBot, turn: Turn) -> Turn:
        """The turn as this bot sees it: its name, its deadline, its language, what it may know of the customer."""
        reads = running.reads(turn.language)
        if reads != turn.bot_language:
            turn = await told(app, turn, reads)
        deadline = self.clock.now() + timedelta(seconds=running.settings.deadline)
        profile = granted(turn.profile, running.settings.profile)
        return replace(turn, bot=running.name, deadline=deadline, profile=profile)

    async def call(self, running: RunningBot, turn: Turn, show: Show) -> Answer:
        """One call, with one BotCall in the answer whatever happened."""
        name, seconds = running.name, running.settings.deadline
        try:
            async with asyncio.timeout(seconds):
                actions = await collect(running, turn, show)
        except BotLater as promise:
            return Answer(bot=name, calls=(BotCall(bot=name, outcome="later"),), later=promise.until)
        except (TimeoutError, BotTimeout):
            failed = failure(name, "timeout", f"no answer within {seconds:g} s")
        except BotFailed as error:
            failed = failure(name, "failed", str(error))
        except Exception as error:
            failed = failure(name, "failed", f"raised {type(error).__name__}")
        else:
            return Answer(bot=name, actions=actions, calls=(BotCall(bot=name, outcome="ok"),))
        await show("")
        return failed


def granted(profile: Profile, fields: Sequence[str]) -> Profile:
    return profile if "*" in fields else {name: profile[name] for name in fields if name in profile}


async def unseen(so_far: str | None = None) -> None:
    """Nobody sees a shadow type."""


def carried(turn: Turn, actions: Sequence[Action]) -> Turn:
    """The turn with the slots as the bot left them, for whom it passes to."""
    merged = dict(turn.slots)
    for action in actions:
        if isinstance(action, SetSlots):
            merged |= action.slots
    kept = {name: value for name, value in merged.items() if value is not None}
    return turn if kept == turn.slots else replace(turn, slots=kept)


async def told(app: App, turn: Turn, language: str) -> Turn:
    """The turn in a language that is not the pivot: the customer's own words where it is theirs, or none can help."""
    texts = [one.original for one in turn.messages]
    known = turn.language
    if language != turn.language:
        parts = tuple(Text(text=text) for text in texts)
        translated = await app.understander.translate(parts, turn.language, language, names=names_of(turn.profile))
        if translated.parts is not None:
            texts = [part.text for part in translated.parts if isinstance(part, Text)]
            known = language
    messages = tuple(replace(one, text=text) for one, text in zip(turn.messages, texts, strict=True))
    return replace(turn, messages=messages, text="\n".join(filter(None, texts)), bot_language=known)


def failure(name: str, outcome: str, detail: str) -> Answer:
    call = BotCall(bot=name, outcome="timeout" if outcome == "timeout" else "failed", detail=detail[:300])
    return Answer(bot=name, calls=(call,), failed=True)


async def collect(running: RunningBot, turn: Turn, show: Show) -> tuple[Action, ...]:
    """Every action, in order. Raises BotFailed when there is no end to them."""
    actions: list[Action] = []
    looks = 0
    readable = running.answers_in(turn.language) in ("", turn.language)
    stream = running.bot.reply(turn)
    try:
        async for action in stream:
            if isinstance(action, Typing | Partial):
                looks += 1
                await show(action.text if isinstance(action, Partial) and readable else None)
            else:
                actions.append(action)
            if len(actions) > MOST_ACTIONS or looks > MOST_LOOKS:
                raise BotFailed(f"bot {running.name!r} answered with more than {MOST_ACTIONS} actions")
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
    return tuple(actions)
