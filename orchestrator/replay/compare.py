"""Then and now, side by side. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from orchestrator.types import Action, BotCall, Decision, Part, Say, SetSlots, Trace

Difference = Literal["answer", "handoff", "route", "failure"]
DIFFERENCES: tuple[Difference, ...] = ("answer", "handoff", "route", "failure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What became of a turn. `said` are the parts in the bot's own language, `ms` the time its bots took.

    `tokens` are those a model says it used, `cost` what they came to by the bot's prices; 0 where nothing is known.
    """

    route: str
    bot: str = ""
    team: str = ""
    rule: str = ""
    handed_off: bool = False
    failed: bool = False
    said: tuple[Part, ...] = ()
    ms: float = 0.0
    tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    conversation_id: str
    turn_id: str
    at: datetime
    customer: str
    language: str
    old: Side
    new: Side
    different: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Of one side. `handoffs` and `failures` are shares of turns, `p50` and `p95` milliseconds of those with a bot."""

    handoffs: float = 0.0
    failures: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    conversations: int
    turns: int
    same: int
    different: Mapping[Difference, int] = field(default_factory=dict)
    old: Totals = Totals()
    new: Totals = Totals()
    moves: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """How often a turn that went one way then goes another way now."""


def side(
    decisions: Sequence[Decision],
    calls: Sequence[BotCall],
    actions: Sequence[Action],
    *,
    handed_off: bool,
    failed: bool,
    slots: Mapping[str, Any],
    prices: Mapping[str, tuple[float, float]],
) -> Side:
    last = decisions[-1] if decisions else None
    bot = calls[-1].bot if calls else ""
    sent, received = tokens(actions, slots)
    price_in, price_out = prices.get(bot, (0.0, 0.0))
    return Side(
        route=last.route if last else "bot",
        bot=bot,
        team=last.handoff.team if last and last.handoff else "",
        rule=last.rule if last else "",
        handed_off=handed_off,
        failed=failed,
        said=tuple(part for action in actions if isinstance(action, Say) for part in action.parts),
        ms=round(sum(call.ms for call in calls), 2),
        tokens=sent + received,
        cost=round((sent * price_in + received * price_out) / 1_000_000, 6),
    )


def tokens(actions: Sequence[Action], slots: Mapping[str, Any]) -> tuple[int, int]:
    """What a model's bot added to the tally it keeps in a slot `<kind>:<bot>`, as {"in": …, "out": …}."""
    sent = received = 0
    for action in actions:
        for name, value in (action.slots if isinstance(action, SetSlots) else {}).items():
            if ":" in name and isinstance(value, Mapping) and set(value) == {"in", "out"}:
                known = slots.get(name)
                before = known if isinstance(known, Mapping) else {}
                sent += max(0, whole(value["in"]) - whole(before.get("in")))
                received += max(0, whole(value["out"]) - whole(before.get("out")))
    return sent, received


def whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def recorded(trace: Trace, slots: Mapping[str, Any], prices: Mapping[str, tuple[float, float]]) -> Side:
    return side(
        trace.decisions,
        trace.bots,
        trace.actions,
        handed_off=trace.outcome == "handed_off",
        failed=trace.outcome == "failed",
        slots=slots,
        prices=prices,
    )


def differences(old: Side, new: Side, *, bots: bool) -> tuple[Difference, ...]:
    """`bots`: whether another bot's name is a difference; when one was put in the place of all, it is not."""
    found: list[Difference] = []
    if old.said != new.said:
        found.append("answer")
    if old.handed_off != new.handed_off:
        found.append("handoff")
    if (old.route, old.team) != (new.route, new.team) or (bots and old.bot != new.bot):
        found.append("route")
    if old.failed != new.failed:
        found.append("failure")
    return tuple(found)


def summary(compared: Sequence[Compared]) -> Summary:
    counts = Counter(what for one in compared for what in one.different)
    moves = Counter((way(one.old), way(one.new)) for one in compared if way(one.old) != way(one.new))
    return Summary(
        conversations=len({one.conversation_id for one in compared}),
        turns=len(compared),
        same=sum(not one.different for one in compared),
        different={what: counts[what] for what in DIFFERENCES},
        old=totals([one.old for one in compared]),
        new=totals([one.new for one in compared]),
        moves=dict(moves.most_common()),
    )


def way(one: Side) -> str:
    if one.handed_off:
        return f"handoff to {one.team}" if one.team else "handoff"
    return f"{one.bot or 'nobody'}, failed" if one.failed else one.bot or one.route


def totals(sides: Sequence[Side]) -> Totals:
    count = len(sides)
    if not count:
        return Totals()
    times = sorted(one.ms for one in sides if one.bot)
    return Totals(
        handoffs=round(sum(one.handed_off for one in sides) / count, 4),
        failures=round(sum(one.failed for one in sides) / count, 4),
        p50=percentile(times, 0.5),
        p95=percentile(times, 0.95),
        tokens=sum(one.tokens for one in sides),
        cost=round(sum(one.cost for one in sides), 6),
    )


def percentile(ordered: Sequence[float], wanted: float) -> float:
    """The nearest rank."""
    if not ordered:
        return 0.0
    return ordered[max(0, min(len(ordered) - 1, round(wanted * len(ordered) + 0.5) - 1))]
