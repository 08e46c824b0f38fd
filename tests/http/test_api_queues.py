"""/v1/queues and /v1/dead-letters, over a platform that refuses what it is sent."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import bots
from tests.support.platform import Platform, platform
from tests.support.web import Front, api_routes, front


@pytest.fixture
async def side() -> AsyncIterator[Platform]:
    async with platform() as side:
        yield side


@pytest.fixture
async def parley(tmp_path: Path, side: Platform) -> AsyncIterator[Front]:
    bots.reset()
    hook = {"kind": "webhook", "signature": "none", "url": side.url, "allow_private": True}
    async with front(tmp_path, api_routes, channels={"hook": hook}) as parley:
        parley.house.channel = "hook"
        await parley.make_key("write")
        yield parley


async def refused(parley: Front, side: Platform, text: str, address: str = "visitor") -> str:
    """The id of the dead letter."""
    side.refusals.append(400)
    before = {one["id"] for one in (await parley.get("/v1/dead-letters")).json["data"]}
    await parley.house.hear(text, address=address)
    async with asyncio.timeout(10):
        while True:
            found = {one["id"] for one in (await parley.get("/v1/dead-letters")).json["data"]} - before
            if found:
                return str(found.pop())
            await asyncio.sleep(0)


async def test_a_dead_letter_as_it_stands(parley: Front, side: Platform) -> None:
    letter_id = await refused(parley, side, "hello")
    (listed,) = (await parley.get("/v1/dead-letters", channel_id="hook")).json["data"]
    assert (listed["id"], listed["attempts"], listed["done"]) == (letter_id, 1, 0)
    assert listed["error"]
    assert "app_id" not in listed
    shown = (await parley.get(f"/v1/dead-letters/{letter_id}")).json
    assert [(part["kind"], part["text"]) for part in shown["parts"]] == [("text", "echo: hello")]
    assert shown["of"] == 1
    assert (await parley.get("/v1/dead-letters", channel_id="other")).json["data"] == []
    (queue,) = (await parley.get("/v1/queues")).json["data"]
    assert (queue["channel_id"], queue["dead"], queue["turns"], queue["oldest_turn"]) == ("hook", 1, 0, None)


async def test_retrying_sends_it_at_once(parley: Front, side: Platform) -> None:
    letter_id = await refused(parley, side, "hello")
    answer = await parley.post(f"/v1/dead-letters/{letter_id}/retry")
    assert (answer.status, answer.json["attempts"]) == (202, 0)
    await side.until(taken=1)
    assert side.texts == ["echo: hello"]
    assert (await parley.post(f"/v1/dead-letters/{letter_id}/retry")).status == 404
    assert (await parley.get("/v1/dead-letters")).json["data"] == []


async def test_dropping_withdraws_the_message(parley: Front, side: Platform) -> None:
    letter_id = await refused(parley, side, "hello")
    letter = (await parley.get(f"/v1/dead-letters/{letter_id}")).json
    assert (await parley.ask("DELETE", f"/v1/dead-letters/{letter_id}")).status == 204
    messages = (await parley.get(f"/v1/conversations/{letter['conversation_id']}/messages")).json["data"]
    assert [one["withdrawn"] for one in messages if one["id"] == letter["message_id"]] == [True]
    assert (await parley.ask("DELETE", f"/v1/dead-letters/{letter_id}")).status == 404


async def test_pages_of_dead_letters(parley: Front, side: Platform) -> None:
    ids = [await refused(parley, side, f"hello {number}", f"visitor {number}") for number in range(5)]
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await parley.get("/v1/dead-letters", limit=2, cursor=cursor)).json
        seen += [one["id"] for one in page["data"]]
        cursor = page["next"]
    assert seen == ids[::-1]
