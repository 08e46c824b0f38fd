"""The suite: every check with its level, in the order they are run."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from orchestrator.conformance import basic, complete, solid
from orchestrator.conformance.basic import Skipped
from orchestrator.conformance.report import HIGHEST, Report, Verdict
from orchestrator.conformance.subject import Broken, Subject

Look = Callable[[Subject], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Check:
    """`look` returns what it saw; raises Broken, or Skipped when there is nothing to see."""

    name: str
    level: int
    title: str
    look: Look
    fix: str


CHECKS: Sequence[Check] = (
    Check(
        "greets",
        1,
        "The chat is opened",
        basic.greets,
        "A turn without messages opens the chat: answer with a greeting or an empty list, and expect no text.",
    ),
    Check(
        "plain",
        1,
        "Plain messages are answered",
        basic.plain,
        "Answer every message; when you don't know, say so and add not_understood, or hand off.",
    ),
    Check(
        "rich",
        1,
        "Taps are answered",
        basic.rich,
        "A tap arrives as 'payload': handle each you offer, and fall back for one you don't know.",
    ),
    Check(
        "deadline",
        1,
        "The deadline is kept",
        basic.deadline,
        "Answer before 'deadline', or answer 202 and call back; stop working when the caller hangs up.",
    ),
    Check(
        "unknown-fields",
        1,
        "Unknown fields are ignored",
        basic.unknown_fields,
        "Read the fields you know and ignore the others: fields are added without a new version.",
    ),
    Check(
        "hostile",
        1,
        "Malformed and hostile input is survived",
        basic.hostile,
        "Treat words, context, profile and slots as untrusted: check kinds before use, answer 400 to what is no turn.",
    ),
    Check(
        "signature",
        1,
        "Only what Parley signed is answered",
        basic.signature,
        "Verify webhook-signature and webhook-timestamp over the exact bytes before anything else; answer 401.",
    ),
    Check(
        "duplicates",
        2,
        "The same turn twice does nothing twice",
        solid.duplicates,
        "Keep no counters in memory; remember answers by turn id (webhook-id), or compute them from the turn alone.",
    ),
    Check(
        "two-customers",
        2,
        "Customers are kept apart",
        solid.two_customers,
        "Keep nothing of a customer in globals or on self; in async code await, or make the function a plain def.",
    ),
    Check(
        "restart",
        2,
        "A restart in the middle is not noticed",
        solid.restart,
        "Keep what you must remember in slots (set_slots): they come back with every turn.",
    ),
    Check(
        "late",
        2,
        "Slow answers arrive, once",
        solid.late,
        "After a 202 POST the actions to callback_url within the seconds you promised, once; heed a 409.",
    ),
    Check(
        "parts",
        3,
        "Every kind of message is answered",
        complete.parts,
        "Look at messages[].parts: a picture, a place or a form has no text. Answer them, if only to say you can't.",
    ),
    Check(
        "channels",
        3,
        "What it says can be shown anywhere",
        complete.channels,
        "Give choices and cards texts and titles of their own, pictures an alt text.",
    ),
    Check(
        "languages",
        3,
        "Customers of any language are answered",
        complete.languages,
        "Read 'text' (your language) rather than 'original'; label an answer in another language with its ISO code.",
    ),
    Check(
        "hand-back",
        3,
        "It goes on after an agent",
        complete.hand_back,
        "When 'returned' is set an agent has just given the conversation back: greet, go on, don't hand off at once.",
    ),
)


async def examine(subject: Subject, check: Check) -> Verdict:
    """One check. The subject is open."""
    began = subject.clock.monotonic()
    fix = ""
    try:
        detail = await check.look(subject)
        outcome = "passed"
    except Skipped as skipped:
        detail, outcome = str(skipped), "skipped"
    except Broken as broken:
        detail, outcome, fix = f"It {broken}.".replace("..", "."), "failed", check.fix
    ms = (subject.clock.monotonic() - began) * 1000
    return Verdict(
        check=check.name,
        level=check.level,
        title=check.title,
        outcome=outcome,  # type: ignore[arg-type]
        ms=round(ms, 1),
        detail=detail[:500],
        fix=fix,
    )


async def verdicts(subject: Subject, level: int = HIGHEST) -> AsyncIterator[Verdict]:
    for check in CHECKS:
        if check.level <= level:
            yield await examine(subject, check)


async def run(subject: Subject, level: int = HIGHEST, told: Callable[[Verdict], None] = lambda _: None) -> Report:
    """The suite up to that level; `told` hears of each verdict as it falls."""
    found = []
    async for verdict in verdicts(subject, level):
        told(verdict)
        found.append(verdict)
    return Report(bot=subject.name, kind=subject.kind, verdicts=tuple(found))
