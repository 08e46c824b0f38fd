"""A report for people and machines: a table, JSON, JUnit and a badge."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as Xml
from xml.sax.saxutils import escape

from orchestrator.conformance.report import SUITE, VERSION, Report, Verdict

SIGNS = {"passed": "ok", "failed": "FAILED", "skipped": "not run"}
COLOURS = ("#b42318", "#b54708", "#1d6fa5", "#1a7f37")
"""By level; each at least 4.5:1 under white text."""
UNPRINTABLE = {code: None for code in range(32) if code not in (9, 10, 13)}


def line(verdict: Verdict) -> str:
    seconds = f"{verdict.ms / 1000:.2f} s"
    return f"{verdict.level}  {SIGNS[verdict.outcome]:<8} {verdict.check:<15} {seconds:>8}  {verdict.title}"


def lines(verdict: Verdict) -> Iterator[str]:
    yield line(verdict)
    indent = " " * 12
    if verdict.outcome != "passed":
        yield f"{indent}{verdict.detail}"
    if verdict.fix:
        yield f"{indent}What to do: {verdict.fix}"
        yield f"{indent}See {verdict.link}"


def summary(report: Report) -> str:
    failed, skipped = len(report.failed()), len(report.skipped)
    counted = f"{len(report.verdicts) - failed - skipped} passed, {failed} failed, {skipped} not run"
    return f"{report.bot}: level {report.level} of {SUITE} {VERSION} ({counted})"


def plain(report: Report) -> dict[str, Any]:
    return {
        "suite": SUITE,
        "version": VERSION,
        "bot": report.bot,
        "kind": report.kind,
        "level": report.level,
        "checks": [
            {
                "check": one.check,
                "level": one.level,
                "title": one.title,
                "outcome": one.outcome,
                "ms": one.ms,
                "detail": one.detail,
                "fix": one.fix,
                "docs": one.link,
            }
            for one in report.verdicts
        ],
    }


def junit(report: Report) -> bytes:
    """As most build servers read it (github.com/testmoapp/junitxml)."""
    total = sum(verdict.ms for verdict in report.verdicts) / 1000
    suite = Xml.Element(
        "testsuite",
        name=f"{SUITE} {VERSION}: {report.bot}",
        tests=str(len(report.verdicts)),
        failures=str(len(report.failed())),
        skipped=str(len(report.skipped)),
        errors="0",
        time=f"{total:.3f}",
    )
    for verdict in report.verdicts:
        case = Xml.SubElement(
            suite,
            "testcase",
            classname=f"{SUITE}.level{verdict.level}",
            name=f"{verdict.check}: {verdict.title}",
            time=f"{verdict.ms / 1000:.3f}",
        )
        detail = verdict.detail.translate(UNPRINTABLE)
        if verdict.outcome == "failed":
            told = Xml.SubElement(case, "failure", message=detail)
            told.text = f"{verdict.fix}\nSee {verdict.link}"
        elif verdict.outcome == "skipped":
            Xml.SubElement(case, "skipped", message=detail)
    return bytes(Xml.tostring(suite, encoding="utf-8", xml_declaration=True))


def badge(report: Report) -> str:
    """A small SVG: what was run, and how far it got."""
    left, right = f"{SUITE} {VERSION}", f"level {report.level}"
    wide, narrow = 7 * len(left) + 12, 7 * len(right) + 12
    total, label = wide + narrow, escape(f"{left}: {right}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="20" role="img" aria-label="{label}">'
        f"<title>{label}</title>"
        f'<clipPath id="r"><rect width="{total}" height="20" rx="3"/></clipPath><g clip-path="url(#r)">'
        f'<rect width="{wide}" height="20" fill="#444"/>'
        f'<rect x="{wide}" width="{narrow}" height="20" fill="{COLOURS[report.level]}"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{wide / 2}" y="14">{escape(left)}</text>'
        f'<text x="{wide + narrow / 2}" y="14">{escape(right)}</text></g></svg>\n'
    )
