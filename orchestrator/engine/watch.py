"""Watching how bots do: what each turn came to, and what a candidate would have said in the shadow.

Kept in memory and handed on in batches: no turn waits for it, and losing some of it loses nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from orchestrator.copies import replace
from orchestrator.engine.app import Candidate
from orchestrator.ports import Clock
from orchestrator.types import Action, Arm, BotCall, BotCount, BotNote, HandOff, NotUnderstood, Turn

BUCKETS = (50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800)
"""Milliseconds: how long answers took is counted by the first of these that held it."""
MOST_SHADOWS = 32
"""Shadow answers computed at once in this process; more are left out rather than waited for."""
MOST_NOTES = 500
FAILURES = frozenset({"failed", "timeout", "open_circuit", "unknown"})

log = structlog.get_logger("parley.bots")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a bot did in a turn, as it counts."""

    call: BotCall
    actions: tuple[Action, ...] = ()


Ask = Callable[[Turn], Awaitable[Heard]]
Place = tuple[str, str, int, Arm, datetime, str]


class Watch:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sums: dict[Place, tuple[int, float]] = {}
        self.notes: list[BotNote] = []
        self.shadows: set[asyncio.Task[None]] = set()

    def add(self, app_id: str, call: BotCall, what: str, total: float = 0.0) -> None:
        hour = self.clock.now().replace(minute=0, second=0, microsecond=0)
        place: Place = (app_id, call.bot, call.version, call.arm, hour, what)
        count, before = self.sums.get(place, (0, 0.0))
        self.sums[place] = (count + 1, before + total)

    def called(self, app_id: str, conversation_id: str, turn_id: str, call: BotCall) -> None:
        """One call, whatever came of it."""
        self.add(app_id, call, "turns")
        self.add(app_id, call, "ms", call.ms)
        self.add(app_id, call, bucket(call.ms))
        if call.outcome in FAILURES:
            self.add(app_id, call, "failed")
            self.keep(
                BotNote(
                    id=self.clock.new_id(),
                    app_id=app_id,
                    bot=call.bot,
                    version=call.version,
                    kind="error",
                    conversation_id=conversation_id,
                    turn_id=turn_id,
                    at=self.clock.now(),
                    outcome=call.outcome,
                    ms=call.ms,
                    detail=call.detail,
                )
            )

    def turned(
        self,
        app_id: str,
        conversation_id: str,
        turn_id: str,
        calls: Sequence[BotCall],
        *,
        handed_off: bool,
        misunderstood: bool,
        sentiment: float | None,
    ) -> None:
        """A turn that was committed. The last bot called answers for what became of it."""
        for call in calls:
            self.called(app_id, conversation_id, turn_id, call)
        if not calls:
            return
        if handed_off:
            self.add(app_id, calls[-1], "handoffs")
        if misunderstood:
            self.add(app_id, calls[-1], "misunderstood")
        if sentiment is not None:
            self.add(app_id, calls[-1], "sentiment", sentiment)

    def keep(self, note: BotNote) -> None:
        self.notes.append(note)
        del self.notes[:-MOST_NOTES]

    def shadow(self, candidate: Candidate, turn: Turn, ask: Ask, live: "asyncio.Future[tuple[Action, ...]]") -> None:
        """Have the candidate answer the turn too, beside the one whose answer is sent, which `live` will hold.

        It can't call back, and is told that nobody hears it. Nothing of it is awaited by anybody.
        """
        if len(self.shadows) >= MOST_SHADOWS:
            return
        quiet = replace(turn, id=f"{turn.id}.shadow", callback_url="", rehearsal=True)
        task = asyncio.create_task(self.shadowed(candidate, quiet, turn.id, ask, live))
        self.shadows.add(task)
        task.add_done_callback(self.shadows.discard)

    async def shadowed(
        self, candidate: Candidate, turn: Turn, turn_id: str, ask: Ask, live: "asyncio.Future[tuple[Action, ...]]"
    ) -> None:
        try:
            heard = await ask(turn)
            said = await live
        except asyncio.CancelledError:
            return
        except Exception:
            log.exception("a shadow broke", bot=candidate.running.name, version=candidate.running.version)
            return
        call = heard.call
        self.called(turn.app_id, turn.conversation_id, turn_id, call)
        if any(isinstance(action, HandOff) for action in heard.actions):
            self.add(turn.app_id, call, "handoffs")
        if any(isinstance(action, NotUnderstood) for action in heard.actions):
            self.add(turn.app_id, call, "misunderstood")
        same = call.outcome == "ok" and heard.actions == said
        self.add(turn.app_id, call, "same" if same else "different")
        self.keep(
            BotNote(
                id=self.clock.new_id(),
                app_id=turn.app_id,
                bot=call.bot,
                version=call.version,
                kind="shadow",
                conversation_id=turn.conversation_id,
                turn_id=turn_id,
                at=self.clock.now(),
                outcome=call.outcome,
                ms=call.ms,
                detail=call.detail,
                same=same,
                actions=heard.actions,
            )
        )

    def taken(self) -> tuple[list[BotCount], list[BotNote]]:
        """What was counted since the last time, and it is counted anew."""
        counts = [
            BotCount(app_id=app, bot=bot, version=version, arm=arm, hour=hour, what=what, count=count, total=total)
            for (app, bot, version, arm, hour, what), (count, total) in self.sums.items()
        ]
        notes = self.notes
        self.sums, self.notes = {}, []
        return counts, notes

    def stop(self) -> None:
        for task in self.shadows:
            task.cancel()


def bucket(ms: float) -> str:
    return next((f"ms<={limit}" for limit in BUCKETS if ms <= limit), "ms<=inf")
