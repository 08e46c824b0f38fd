"""A delivery with a thousand events in it."""

import asyncio
from pathlib import Path

from orchestrator.types import Inbound, Received, StatusChanged
from tests.support.builders import texts
from tests.support.channel import channel, tell
from tests.support.probe import Side

MANY = 1000


async def test_a_thousand_events_at_once(tmp_path: Path, side: Side) -> None:
    """From 200 customers, five lines each, in order; the second delivery of it adds nothing."""
    async with channel(tmp_path, bot="silent") as parley:
        now = parley.runtime.clock.now()
        events: list[Inbound] = [
            Received(address=f"customer {number % 200}", external_id=f"m-{number}", parts=texts(f"{number}"), at=now)
            for number in range(MANY)
        ]
        async with asyncio.timeout(20):
            await tell(parley, *events)
            await tell(parley, *events)
        for number in range(0, 200, 50):
            said = [message for message in await parley.log(f"customer {number}") if message.role == "customer"]
            assert [message.external_id for message in said] == [f"m-{number + 200 * each}" for each in range(5)]


async def test_a_thousand_receipts_at_once(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        now = parley.runtime.clock.now()
        events = [StatusChanged(external_id=f"theirs-{number}", state="read", at=now) for number in range(MANY)]
        async with asyncio.timeout(20):
            await tell(parley, *events)
        await parley.hear("hello")
        await side.until(lambda: side.sent)
