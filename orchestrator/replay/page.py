"""A replay as one HTML page: no script, nothing loaded from anywhere, light and dark."""

from collections.abc import Sequence
from html import escape
from importlib import resources

from orchestrator.replay.compare import DIFFERENCES, Compared, Side, Summary, way
from orchestrator.replay.show import figures, text_of

MOST_ROWS = 500
EDGES = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
"""Milliseconds: answers are counted by the first of these that held them."""
NAMES = {"answer": "other answer", "handoff": "other handoff", "route": "other route", "failure": "fails or no longer"}
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 560, 200, 40, 26, 12


def page(title: str, found: Summary, compared: Sequence[Compared]) -> str:
    style = (resources.files("orchestrator.replay") / "page.css").read_text(encoding="utf-8")
    changed = [one for one in compared if one.different]
    more = f"<p class=quiet>{len(changed) - MOST_ROWS} more are in the JSON.</p>" if len(changed) > MOST_ROWS else ""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style><main><h1>{escape(title)}</h1>"
        f"<p>{found.turns:,} turns of {found.conversations:,} conversations; "
        f"<b>{found.same:,}</b> came out the same.</p>"
        f"<section class=plots>{differing(found)}{latency(compared)}</section>"
        f"<h2>Then and now</h2>{table(found)}{moved(found)}"
        f"<h2>What changed</h2>{''.join(map(row, changed[:MOST_ROWS])) or '<p>Nothing.</p>'}{more}</main></html>\n"
    )


def differing(found: Summary) -> str:
    """Bars: how many turns differ, and in what."""
    rows = [("the same", found.same), *((NAMES[what], found.different.get(what, 0)) for what in DIFFERENCES)]
    most = max(1, found.turns)
    bars = []
    for index, (name, count) in enumerate(rows):
        y = TOP + index * 34
        width = (WIDTH - 220) * count / most
        kind = "now" if index else "then"
        bars.append(
            f"<text x=130 y={y + 16} class=end>{name}</text><rect x=140 y={y} width={max(width, 1):.1f} height=22 rx=3 "
            f"class={kind}><title>{name}: {count}</title></rect>"
            f"<text x={148 + width:.1f} y={y + 16}>{count:,} ({count / most:.0%})</text>"
        )
    label = ", ".join(f"{name}: {count}" for name, count in rows)
    return figure("Turns", label, "".join(bars), TOP + 34 * len(rows))


def latency(compared: Sequence[Compared]) -> str:
    """Pairs of bars: answers by how long they took, then and now."""
    sides = {"then": [one.old for one in compared if one.old.bot], "now": [one.new for one in compared if one.new.bot]}
    counts = {name: histogram([one.ms for one in group]) for name, group in sides.items()}
    most = max([1, *(count for group in counts.values() for count in group)])
    step = (WIDTH - LEFT) / (len(EDGES) + 1)
    floor, marks = HEIGHT - BOTTOM, []
    for place in range(len(EDGES) + 1):
        x = LEFT + place * step
        name = f"≤ {time(EDGES[place])}" if place < len(EDGES) else "more"
        for number, (kind, group) in enumerate(counts.items()):
            height = (floor - TOP) * group[place] / most
            marks.append(
                f"<rect x={x + 3 + number * (step / 2 - 3):.1f} y={floor - height:.1f} width={step / 2 - 4:.1f} "
                f"height={height:.1f} class={kind}><title>{kind}, {name}: {group[place]}</title></rect>"
            )
        marks.append(f"<text x={x + step / 2:.1f} y={HEIGHT - 8} class=mid>{name.strip('≤ ')}</text>")
    marks.append(f"<line x1={LEFT} x2={WIDTH} y1={floor} y2={floor} class=axis />")
    marks.append(f"<text x={LEFT - 6} y={TOP + 8} class=end>{most}</text>")
    legend = (
        "<p class=legend><svg width=12 height=12 aria-hidden=true><rect width=12 height=12 class=then /></svg> then "
        "<svg width=12 height=12 aria-hidden=true><rect width=12 height=12 class=now /></svg> now</p>"
    )
    return figure("Time bots took", "Answers by how long they took, then and now", "".join(marks), HEIGHT, legend)


def histogram(times: Sequence[float]) -> list[int]:
    counts = [0] * (len(EDGES) + 1)
    for ms in times:
        counts[next((place for place, edge in enumerate(EDGES) if ms <= edge), len(EDGES))] += 1
    return counts


def time(ms: int) -> str:
    return f"{ms} ms" if ms < 1000 else f"{ms // 1000} s"


def figure(title: str, label: str, marks: str, height: float, more: str = "") -> str:
    return (
        f"<figure><figcaption>{title}</figcaption>{more}"
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role=img aria-label="{escape(label)}">{marks}</svg></figure>'
    )


def table(found: Summary) -> str:
    rows = "".join(f"<tr><th scope=row>{name}<td>{old}<td>{new}" for name, old, new in figures(found.old, found.new))
    return f"<table><thead><tr><th><th scope=col>then<th scope=col>now<tbody>{rows}</table>"


def moved(found: Summary) -> str:
    if not found.moves:
        return ""
    rows = "".join(f"<li>{count:,} × {escape(old)} → <b>{escape(new)}</b>" for (old, new), count in found.moves.items())
    return f"<ul class=moves>{rows}</ul>"


def row(one: Compared) -> str:
    said = escape(one.customer) or "<i>opened the chat</i>"
    return (
        f"<article><p class=quiet>{one.at:%Y-%m-%d %H:%M} · {escape(one.turn_id)} · {', '.join(one.different)}</p>"
        f'<p class=customer lang="{escape(one.language)}" dir=auto>{said}</p><div class=pair>'
        f"{half('then', one.old)}{half('now', one.new)}</div></article>"
    )


def half(kind: str, one: Side) -> str:
    rule = f" · rule {one.rule}" if one.rule else ""
    return (
        f"<div class='side {kind}'><p class=quiet>{kind} · {escape(way(one) + rule)} · {one.ms:.0f} ms</p>"
        f"<p dir=auto>{escape(text_of(one.said)) or '<i>says nothing</i>'}</p></div>"
    )
