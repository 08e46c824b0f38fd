"""The report as one HTML page without scripts or anything from elsewhere, light or dark as the reader likes it."""

from collections.abc import Iterator, Sequence
from html import escape

from nlp.intents.report import Confusion, Judged, Report

STYLE = """
:root { color-scheme: light dark; --ink: #1d2329; --soft: #5b6670; --line: #d9dee3; --page: #fff; --good: #0b6e69;
  --bad: #b3452c; --tint: 11,110,105; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecef; --soft: #9aa6b0; --line: #333c44; --page: #14181c;
  --good: #4db6ac; --bad: #e58a6f; --tint: 77,182,172; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
p { margin: .25rem 0 .75rem; color: var(--soft); max-width: 46rem; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; }
.figures div { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem 1rem; min-width: 8rem; }
.figures b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.figures span { color: var(--soft); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 500; } td.number { font-variant-numeric: tabular-nums; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .soft { fill: var(--soft); }
svg .good { fill: var(--good); } svg .bad { fill: var(--bad); } svg .axis { stroke: var(--line); }
"""
MOST_CONFUSED = 24
BINS = 20


def page(title: str, reports: Sequence[Report]) -> str:
    body = "".join(part for one in reports for part in language(one, several=len(reports) > 1))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        "<p>Cross-validated: each example was read by a model that had not seen it, as a new customer's would be.</p>"
        f"{body}</body></html>\n"
    )


def language(one: Report, *, several: bool) -> Iterator[str]:
    if several:
        yield f"<h2>Examples in {escape(one.language)}</h2>"
    yield figures(one)
    yield "<h2>Each intent</h2><p>Bars: the share of its examples that was recognised.</p>" + bars(one.intents)
    yield "<h2>How sure, and right?</h2><p>Right answers above the line, wrong ones below.</p>" + histogram(one)
    if one.confusions:
        yield "<h2>Which are taken for which</h2>" + matrix(one.confusions) + confused(one.confusions)
    if one.alike:
        yield "<h2>Examples of two intents that hardly differ</h2>" + pairs(one)
    if one.few:
        yield f"<h2>Too few examples</h2><p>{escape(', '.join(one.few))}: ten varied ones make a difference.</p>"


def figures(one: Report) -> str:
    told = (
        (f"{one.accuracy:.1%}", "recognised"),
        (str(len(one.intents)), "intents"),
        (str(one.examples), "examples"),
        (str(sum(len(each.texts) for each in one.confusions)), "mistaken"),
    )
    return (
        '<div class="figures">'
        + "".join(f"<div><b>{value}</b><span>{what}</span></div>" for value, what in told)
        + "</div>"
    )


def bars(intents: Sequence[Judged]) -> str:
    ordered = sorted(intents, key=lambda one: (one.found, one.name))
    row, label, width = 22, 220, 420
    lines = [
        f'<svg viewBox="0 0 760 {row * len(ordered) + 4}" role="img" aria-label="Share recognised of each intent">'
    ]
    for number, one in enumerate(ordered):
        y = number * row
        kind = "good" if one.found >= 0.8 else "bad"
        lines.append(f'<text x="{label - 8}" y="{y + 15}" text-anchor="end">{escape(short(one.name, 32))}</text>')
        lines.append(
            f'<rect class="{kind}" x="{label}" y="{y + 4}" width="{max(1, width * one.found):.1f}" height="14" rx="2"/>'
        )
        told = f"{one.found:.0%} of {one.examples}"
        lines.append(f'<text class="soft" x="{label + width * one.found + 8:.1f}" y="{y + 15}">{told}</text>')
    return "".join(lines) + "</svg>"


def histogram(one: Report) -> str:
    right, wrong = [0] * BINS, [0] * BINS
    top = max((score for score, _ in one.scores), default=1.0) or 1.0
    for score, hit in one.scores:
        (right if hit else wrong)[min(BINS - 1, int(BINS * score / top))] += 1
    most = max((*right, *wrong, 1))
    step, half = 36, 90
    lines = [f'<svg viewBox="0 0 760 {2 * half + 24}" role="img" aria-label="Scores of right and of wrong answers">']
    for number in range(BINS):
        up, down = half * right[number] / most, half * wrong[number] / most
        x = 20 + number * step
        lines.append(f'<rect class="good" x="{x}" y="{half - up:.1f}" width="{step - 6}" height="{up:.1f}"/>')
        lines.append(f'<rect class="bad" x="{x}" y="{half}" width="{step - 6}" height="{down:.1f}"/>')
    lines.append(f'<line class="axis" x1="20" x2="740" y1="{half}" y2="{half}"/>')
    lines.append(f'<text class="soft" x="20" y="{2 * half + 18}">unsure</text>')
    lines.append(f'<text class="soft" x="740" y="{2 * half + 18}" text-anchor="end">sure</text>')
    return "".join(lines) + "</svg>"


def matrix(found: Sequence[Confusion]) -> str:
    """Of the intents that are confused most; darker is more often."""
    names = list(dict.fromkeys(name for one in found for name in (one.meant, one.told)))[:MOST_CONFUSED]
    counts = {(one.meant, one.told): len(one.texts) for one in found}
    most = max(counts.values())
    cell, label = 20, 220
    size = label + cell * len(names)
    lines = [
        f'<div class="scroll"><svg width="{size + 90}" height="{size}" role="img" aria-label="Confusion of intents">'
    ]
    for number, name in enumerate(names):
        at = label + number * cell
        lines.append(f'<text x="{label - 8}" y="{at + 14}" text-anchor="end">{escape(short(name, 30))}</text>')
        lines.append(f'<text transform="translate({at + 14},{label - 8}) rotate(-60)">{escape(short(name, 30))}</text>')
        for other, told in enumerate(names):
            count = counts.get((name, told), 0)
            fill = f"rgba(var(--tint),{0.2 + 0.8 * count / most:.2f})" if count else "rgba(var(--tint),.06)"
            hint = f"<title>{escape(name)} taken for {escape(told)}: {count}</title>"
            x, y = label + other * cell, at
            lines.append(
                f'<rect x="{x}" y="{y}" width="{cell - 2}" height="{cell - 2}" style="fill:{fill}">{hint}</rect>'
            )
    return "".join(lines) + "</svg></div>"


def confused(found: Sequence[Confusion]) -> str:
    rows = "".join(
        f'<tr><td>{escape(one.meant)}</td><td>{escape(one.told)}</td><td class="number">{len(one.texts)}</td>'
        f"<td>{escape(' · '.join(one.texts[:3]))}</td></tr>"
        for one in found[:MOST_CONFUSED]
    )
    heads = "<tr><th>meant</th><th>taken for</th><th></th><th>such as</th></tr>"
    return f'<div class="scroll"><table>{heads}{rows}</table></div>'


def pairs(one: Report) -> str:
    rows = "".join(
        f"<tr><td>{escape(each.one)}: {escape(each.one_text)}</td>"
        f"<td>{escape(each.other)}: {escape(each.other_text)}</td>"
        f'<td class="number">{each.likeness:.2f}</td></tr>'
        for each in one.alike
    )
    return f'<div class="scroll"><table><tr><th>one</th><th>other</th><th>cosine</th></tr>{rows}</table></div>'


def short(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
