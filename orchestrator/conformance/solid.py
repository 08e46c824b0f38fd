"""Level 2: what goes wrong only in production: repetition, crowds, restarts, slowness."""

import asyncio

from orchestrator.conformance.basic import Skipped
from orchestrator.conformance.reading import kinds, offered, same, text_of
from orchestrator.conformance.subject import Broken, Subject
from orchestrator.conformance.turns import Customer
from orchestrator.types import Action

STANDSTILL = 0.25
"""Seconds a bot in our process may keep everybody waiting."""
CROWD = 4
REPEATED = 0.5
"""Seconds in which a late answer that was taken may come again, after all else."""


async def duplicates(subject: Subject) -> str:
    customer = Customer(subject)
    await customer.says()
    turn = customer.turn("Hello")
    first = (await subject.ask(turn)).actions
    second = (await subject.ask(turn)).actions
    if not same(first, second, subject.varies):
        raise Broken(f"did another thing when the same turn came again: {kinds(first)}, then {kinds(second)}")
    return "the same turn, asked twice, was answered alike"


async def two_customers(subject: Subject) -> str:
    """Everybody's answers at once, each with a name only they have."""
    names = ("Zebulonia", "Quintavius", "Wilhelmira", "Oxfordina")[:CROWD]
    customers = [Customer(subject, name) for name in names]
    subject.heartbeat.reset()
    for text in ("Hello, I am {}", "What is my name?"):
        answers = await asyncio.gather(*(one.says(text.format(one.name)) for one in customers))
        for customer, actions in zip(customers, answers, strict=True):
            if strange := [name for name in names if name != customer.name and name in text_of(actions)]:
                raise Broken(f"told one customer of another: {customer.name} read {strange[0]}'s name")
    if subject.heartbeat.longest > STANDSTILL:
        raise Broken(f"kept everybody else waiting for {subject.heartbeat.longest:.1f} s: its async code blocks")
    return f"{len(names)} at once, nobody heard of anybody else"


async def restart(subject: Subject) -> str:
    if not subject.restartable:
        raise Skipped("nobody knows how to restart it; say so with --restart 'COMMAND'")
    undisturbed = await session(subject, restarted=False)
    interrupted = await session(subject, restarted=True)
    if not same(undisturbed, interrupted, subject.varies):
        raise Broken(f"lost its place: without a restart it answered {kinds(undisturbed)}, after one another thing")
    return f"the same session with a restart in the middle ended alike: {kinds(interrupted)}"


async def session(subject: Subject, *, restarted: bool) -> tuple[Action, ...]:
    customer = Customer(subject)
    actions = await customer.says()
    for _ in range(2):
        taps = offered(actions)
        actions = await (customer.says(taps[0]) if taps else customer.says("Hello"))
    if restarted:
        await subject.restart()
    return await customer.says("Go on")


async def late(subject: Subject) -> str:
    customer = Customer(subject)
    turn = customer.turn("Hello")
    said = await subject.ask(turn)
    if not said.late:
        return f"answered at once, in {said.ms / 1000:.2f} s; what it never promises it can't break"
    await overtaken(subject, customer)
    await customer.says("Hello again")
    await asyncio.sleep(REPEATED)
    if (times := subject.callback.times(turn.callback_url)) > 1:
        raise Broken(f"called back {times} times for one turn that had its answer")
    return f"a promised answer came after {said.ms / 1000:.2f} s, once"


async def overtaken(subject: Subject, customer: Customer) -> None:
    """A person takes over while the bot is thinking: its late answer is refused, and it has to live with that."""
    turn = customer.turn("Are you there?")
    subject.callback.end(turn.callback_url)
    asking = asyncio.create_task(subject.ask(turn))
    refused = asyncio.create_task(subject.callback.attempted(turn.callback_url))
    await asyncio.wait((asking, refused), return_when=asyncio.FIRST_COMPLETED)
    for task in (asking, refused):
        task.cancel()
    await asyncio.gather(asking, refused, return_exceptions=True)
