"""Level 1: what a bot must do before any customer meets it."""

from dataclasses import replace
from typing import get_args

from orchestrator.conformance.reading import answered, kinds, offered
from orchestrator.conformance.subject import Broken, Subject
from orchestrator.conformance.turns import HOSTILE, Customer
from orchestrator.ports import Tampering, Wired
from orchestrator.types import Tap

SHORT = 0.5
"""Seconds of a turn that is in a hurry."""
NEW = {"a_field_of_tomorrow": {"deep": [1, {"er": None}]}, "another": "value"}


class Skipped(Exception):
    """There is nothing to see; the message says why."""


async def greets(subject: Subject) -> str:
    return kinds(await Customer(subject).says())


async def plain(subject: Subject) -> str:
    customer = Customer(subject)
    await customer.says()
    for text in ("Hello", "Where is my order?", "Thank you, bye"):
        if not answered(actions := await customer.says(text)):
            raise Broken(f"said nothing to {text!r} (it answered: {kinds(actions)})")
    return f"the last answer: {kinds(customer.last)}"


async def rich(subject: Subject) -> str:
    customer = Customer(subject)
    taps = offered(await customer.says()) or offered(await customer.says("Hello"))
    for tap in taps[:3]:
        again = Customer(subject)
        await again.says()
        if not answered(await again.says(tap)):
            raise Broken(f"offered {tap.title!r} and said nothing when it was tapped")
    if not answered(await customer.says(Tap(payload="never-offered", title="Something else"))):
        raise Broken("said nothing to a tap it does not know, such as one on an old message")
    return f"{len(taps[:3])} of its own offers tapped, and one it never made"


async def deadline(subject: Subject) -> str:
    customer = Customer(subject)
    said = await subject.ask(customer.turn("Hello"))
    short = min(SHORT, subject.deadline)
    hurried = ""
    try:
        await subject.ask(customer.turn("Hello again", seconds=short))
    except Broken as broken:
        # A bot that needs longer may be cut short: what it may not do is go on, or be gone afterwards.
        if "goes on" in str(broken):
            raise
        hurried = f", a turn of {short:g} s was called off"
    await customer.says("And now?")
    return f"answered in {said.ms / 1000:.2f} s of {subject.deadline:g} s{hurried}"


async def unknown_fields(subject: Subject) -> str:
    customer = Customer(subject)
    profile = {"name": "Ann", "loyalty_colour": "teal", "visits": 3}
    await customer.says("Hello", context={**NEW, "page": None}, slots={"of_another_bot": NEW}, profile=profile)
    if not isinstance(subject.bot, Wired):
        return "unknown keys in profile, slots and context"
    status = await subject.bot.tamper(customer.turn("Hello"), "extra")
    if not 200 <= status < 300:
        raise Broken(f"answered {status} to a turn with fields it does not know")
    return "unknown fields at every level of the request"


async def hostile(subject: Subject) -> str:
    customer = Customer(subject)
    for name, text in HOSTILE.items():
        try:
            await customer.says(text)
        except Broken as broken:
            raise Broken(f"with {name} as the customer's words it {broken}") from None
    odd = {"cart": "no object", "page": 7, "items": [None], "total": "NaN"}
    try:
        await customer.says("Hello", context=odd, profile={}, slots={"step": "never heard of", "count": "many"})
    except Broken as broken:
        raise Broken(f"with a page context of the wrong kinds it {broken}") from None
    await garbled(subject, customer)
    await customer.says("Hello")
    return f"{len(HOSTILE)} texts, and a context and slots of the wrong kinds"


async def garbled(subject: Subject, customer: Customer) -> None:
    """Bytes that are signed and yet no turn: an error of the caller's, not a crash of the server's."""
    bot = subject.bot
    if not isinstance(bot, Wired):
        return
    broken: tuple[Tampering, ...] = ("not_json", "not_a_turn")
    for how in broken:
        status = await bot.tamper(customer.turn("Hello"), how)
        if not 400 <= status < 500:
            named = "closed the connection" if status == 0 else f"answered {status}"
            raise Broken(f"{named} where 400 is right: {how.replace('_', ' ')}")


async def signature(subject: Subject) -> str:
    bot = subject.bot
    if not isinstance(bot, Wired):
        raise Skipped("this kind of bot gets no signed requests")
    customer = Customer(subject)
    for how in sorted(set(get_args(Tampering)) & {"unsigned", "forged", "stale", "altered"}):
        turn = customer.turn("Hello")
        status = await bot.tamper(replace(turn, id=f"{turn.id}-{how}"), how)
        if not 400 <= status < 500:
            named = "closed the connection on" if status == 0 else f"answered {status} to"
            raise Broken(f"{named} a request whose signature is {MEANT[how]}")
    return "without a signature, forged, of ten minutes ago, and over other bytes: all refused"


MEANT = {
    "unsigned": "missing",
    "forged": "made with another secret",
    "stale": "ten minutes old",
    "altered": "that of another body",
}
