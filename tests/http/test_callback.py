"""A bot that answers later, over /bots/callback/{token}."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from orchestrator.engine.callback import Tickets
from orchestrator.http import callback
from tests.support import bots
from tests.support.web import Front, Reply, front


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Front]:
    bots.reset()
    async with front(tmp_path, lambda house: callback.routes(house.runtime.engine), bot="later") as parley:
        yield parley


async def asked(parley: Front) -> str:
    """Let the customer ask; the path the bot was told to answer at."""
    await parley.house.hear("what about my order?")
    async with asyncio.timeout(10):
        await parley.house.settled()
    return urlsplit(bots.seen[-1].callback_url).path


async def test_actions_reach_the_customer_once(parley: Front) -> None:
    path = await asked(parley)
    answer = await parley.post(
        path, {"actions": [{"kind": "say", "parts": [{"kind": "text", "text": "it is on its way"}]}]}
    )
    assert (answer.status, answer.json) == (200, {"ok": True})
    await parley.house.until("it is on its way")
    again = await parley.post(path, {"text": "once more"})
    assert (again.status, again.code) == (409, "conflict")
    await parley.house.settled()
    assert (await parley.house.lines())[1:] == ["bot: it is on its way"]


async def test_text_is_short_for_saying_it(parley: Front) -> None:
    assert (await parley.post(await asked(parley), {"text": "soon"})).status == 200
    await parley.house.until("soon")


@pytest.mark.parametrize(
    "body",
    [b"{", b"7", b'{"actions":[{"kind":"explode"}]}', b'{"actions":{}}', b'{"actions":[{"kind":"say"}]}', b"\xff"],
)
async def test_rubbish_uses_nothing_up(parley: Front, body: bytes) -> None:
    path = await asked(parley)
    answer = await parley.ask("POST", path, data=body)
    assert (answer.status, answer.code) == (400, "malformed")
    assert (await parley.post(path, {"text": "properly"})).status == 200


@pytest.mark.parametrize("token", ["x", "a.b.c", "%00", "..%2f..", "e30.e30.e30"])
async def test_forged_tokens(parley: Front, token: str) -> None:
    answer = await parley.post(f"/bots/callback/{token}", {"text": "x"})
    assert answer.status in (401, 404)


async def forged(parley: Front, tickets: Tickets, made: timedelta) -> Reply:
    """The same claims, sealed by `tickets` at another time."""
    now = parley.house.runtime.clock.now()
    token = (await asked(parley)).rsplit("/", 1)[1]
    ticket = parley.house.runtime.engine.tickets.read(token, now)
    return await parley.post(f"/bots/callback/{tickets.sign(ticket, now + made)}", {"text": "x"})


async def test_a_token_signed_by_somebody_else(parley: Front) -> None:
    answer = await forged(parley, Tickets("k" * 40, timedelta(minutes=15)), timedelta())
    assert (answer.status, answer.code) == (401, "unauthenticated")


async def test_an_expired_token(parley: Front) -> None:
    answer = await forged(parley, parley.house.runtime.engine.tickets, timedelta(minutes=-16))
    assert (answer.status, answer.code) == (401, "unauthenticated")


async def test_after_a_takeover_it_is_too_late(parley: Front) -> None:
    path = await asked(parley)
    conversation = await parley.house.conversation()
    await parley.house.runtime.engine.desk.accept("shop", conversation.id, parley.house.agent())
    answer = await parley.post(path, {"text": "too late"})
    assert (answer.status, answer.code) == (409, "conflict")
    assert "bot: too late" not in await parley.house.lines()


async def test_too_much(parley: Front) -> None:
    answer = await parley.post(await asked(parley), {"text": "x" * 300_000})
    assert (answer.status, answer.code) == (413, "too_large")


async def test_only_post(parley: Front) -> None:
    assert (await parley.get("/bots/callback/x")).status == 405
