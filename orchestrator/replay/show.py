"""A replay for people and programs: text, and JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator import codec
from orchestrator.engine.hear import words
from orchestrator.replay.compare import Compared, Side, Summary, Totals, way
from orchestrator.types import Buttons, Carousel, ListPicker, Part, QuickReplies

LONGEST = 160


def text_of(parts: Sequence[Part]) -> str:
    """What was said in one line, offers in brackets."""
    return " ".join(filter(None, (text_of_part(part) for part in parts))).replace("\n", " ")


def text_of_part(part: Part) -> str:
    match part:
        case QuickReplies(choices=choices) | ListPicker(choices=choices):
            titles = [choice.title for choice in choices]
        case Buttons(buttons=buttons):
            titles = [button.title for button in buttons]
        case Carousel(cards=cards):
            titles = [card.title for card in cards]
        case _:
            titles = []
    said = words((part,)) or ("" if titles else f"({part.kind})")
    return f"{said} [{' | '.join(titles)}]".strip() if titles else said


def short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def lines(found: Summary, compared: Sequence[Compared], most: int) -> Iterator[str]:
    yield f"{found.turns} turns of {found.conversations} conversations; {found.same} came out the same"
    yield ", ".join(f"{what}: {count} different" for what, count in found.different.items())
    yield f"{'':14}{'then':>12}{'now':>12}"
    for name, old, new in figures(found.old, found.new):
        yield f"{name:<14}{old:>12}{new:>12}"
    for (before, after), count in found.moves.items():
        yield f"{count} × {before} → {after}"
    for one in [one for one in compared if one.different][:most]:
        yield ""
        yield f"{one.at:%Y-%m-%d %H:%M} {one.turn_id} ({', '.join(one.different)})"
        yield f"  customer  {short(one.customer.replace(chr(10), ' / ')) or '(opened the chat)'}"
        yield f"  then      {told(one.old)}"
        yield f"  now       {told(one.new)}"


def told(one: Side) -> str:
    rule = f", rule {one.rule!r}" if one.rule else ""
    return f"{way(one)}{rule}: {short(text_of(one.said)) or '(says nothing)'}"


def figures(old: Totals, new: Totals) -> Iterator[tuple[str, str, str]]:
    yield "handed off", f"{old.handoffs:.1%}", f"{new.handoffs:.1%}"
    yield "failed", f"{old.failures:.1%}", f"{new.failures:.1%}"
    yield "half within", f"{old.p50:.0f} ms", f"{new.p50:.0f} ms"
    yield "95 % within", f"{old.p95:.0f} ms", f"{new.p95:.0f} ms"
    if old.tokens or new.tokens:
        yield "tokens", f"{old.tokens:,}", f"{new.tokens:,}"
        yield "cost", f"{old.cost:.4f}", f"{new.cost:.4f}"


def plain(found: Summary, compared: Sequence[Compared]) -> dict[str, Any]:
    return {
        "conversations": found.conversations,
        "turns": found.turns,
        "same": found.same,
        "different": dict(found.different),
        "then": totals(found.old),
        "now": totals(found.new),
        "moves": [{"from": old, "to": new, "turns": count} for (old, new), count in found.moves.items()],
        "compared": [
            {
                "conversation_id": one.conversation_id,
                "turn_id": one.turn_id,
                "at": one.at.isoformat(),
                "customer": one.customer,
                "language": one.language,
                "different": list(one.different),
                "then": one_side(one.old),
                "now": one_side(one.new),
            }
            for one in compared
        ],
    }


def totals(one: Totals) -> dict[str, float]:
    return {
        "handoffs": one.handoffs,
        "failures": one.failures,
        "p50_ms": one.p50,
        "p95_ms": one.p95,
        "tokens": one.tokens,
        "cost": one.cost,
    }


def one_side(one: Side) -> dict[str, Any]:
    return {
        "route": one.route,
        "bot": one.bot,
        "team": one.team,
        "rule": one.rule,
        "handed_off": one.handed_off,
        "failed": one.failed,
        "said": codec.parts.plain(one.said),
        "ms": one.ms,
        "tokens": one.tokens,
        "cost": one.cost,
    }
