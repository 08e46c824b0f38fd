"""Messages over /v1: what was said, what may be said, and what can not."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import bots
from tests.support.talks import talked
from tests.support.web import Front, api_routes, front


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Front]:
    bots.reset()
    async with front(tmp_path, api_routes) as parley:
        await parley.make_key("write")
        yield parley


async def test_messages_page_both_ways(parley: Front) -> None:
    for number in range(4):
        conversation = await talked(parley, f"line {number}")
    path = f"/v1/conversations/{conversation.id}/messages"
    last = (await parley.get(path, limit=3)).json
    assert [message["seq"] for message in last["data"]] == [6, 7, 8]
    assert (last["earlier"], last["later"]) == (6, 8)
    before = (await parley.get(path, limit=5, before=last["earlier"])).json
    assert [message["seq"] for message in before["data"]] == [1, 2, 3, 4, 5]
    assert before["earlier"] is None
    onward = (await parley.get(path, after=2, limit=2)).json
    assert [message["seq"] for message in onward["data"]] == [3, 4]
    assert onward["later"] == 4
    assert (await parley.get(path, after=8)).json == {"data": [], "earlier": None, "later": 8}
    assert (await parley.get(path, after=1, before=3)).status == 400


async def test_a_message_as_it_was_said(parley: Front) -> None:
    conversation = await talked(parley, "<b>hello</b> & \u202e bye")
    message = (await parley.get(f"/v1/conversations/{conversation.id}/messages")).json["data"][0]
    assert message["parts"] == [{"kind": "text", "text": "<b>hello</b> & \u202e bye", "markdown": False}]
    assert (message["role"], message["visibility"], message["withdrawn"]) == ("customer", "public", False)


async def test_speaking_needs_the_conversation(parley: Front) -> None:
    conversation = await talked(parley)
    answer = await parley.post(f"/v1/conversations/{conversation.id}/messages", {"text": "hi"})
    assert (answer.status, answer.code) == (409, "conflict")


async def test_speaking_once_under_one_key(parley: Front) -> None:
    conversation = await talked(parley)
    await parley.post(f"/v1/conversations/{conversation.id}/accept")
    path = f"/v1/conversations/{conversation.id}/messages"
    first = await parley.post(path, {"text": "good day"}, Idempotency_Key="k-1")
    assert first.status == 201
    again = await parley.post(path, {"text": "good day"}, Idempotency_Key="k-1")
    assert again.json["id"] == first.json["id"]
    other = await parley.post(path, {"text": "something else"}, Idempotency_Key="k-1")
    assert (other.status, other.code) == (409, "conflict")
    assert (await parley.house.lines()).count("agent: good day") == 1
    assert first.json["author"].startswith("key:")


async def test_many_tries_at_once_say_it_once(parley: Front) -> None:
    conversation = await talked(parley)
    await parley.post(f"/v1/conversations/{conversation.id}/accept")
    path = f"/v1/conversations/{conversation.id}/messages"
    answers = await asyncio.gather(*(parley.post(path, {"text": "only once"}, Idempotency_Key="k-2") for _ in range(8)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.json["id"] for answer in answers if answer.status == 201}) == 1
    assert (await parley.house.lines()).count("agent: only once") == 1


async def test_every_part_an_agent_may_say(parley: Front) -> None:
    conversation = await talked(parley)
    await parley.post(f"/v1/conversations/{conversation.id}/accept")
    parts = [
        {"kind": "text", "text": "Which?"},
        {"kind": "quick_replies", "choices": [{"title": "Large", "payload": "size:l"}]},
        {"kind": "media", "url": "https://example.com/a.png", "media": "image"},
        {"kind": "location", "latitude": 50.0, "longitude": 14.4},
        {"kind": "carousel", "cards": [{"title": "Mug", "buttons": [{"title": "Buy", "payload": "buy"}]}]},
    ]
    path = f"/v1/conversations/{conversation.id}/messages"
    said = await parley.post(path, {"parts": parts}, Idempotency_Key="rich")
    assert said.status == 201
    assert [part["kind"] for part in said.json["parts"]] == [part["kind"] for part in parts]
    again = await parley.post(path, {"parts": parts}, Idempotency_Key="rich")
    assert (again.status, again.json["id"]) == (201, said.json["id"])


async def test_a_note_stays_among_colleagues(parley: Front) -> None:
    conversation = await talked(parley)
    path = f"/v1/conversations/{conversation.id}/messages"
    note = await parley.post(path, {"text": "careful with this one", "internal": True}, Idempotency_Key="n-1")
    assert (note.status, note.json["visibility"]) == (201, "internal")
    assert (await parley.post(path, {"text": "careful with this one"}, Idempotency_Key="n-1")).status == 409
    public = (await parley.get(path, public="true")).json["data"]
    assert all(message["visibility"] == "public" for message in public)
    assert len((await parley.get(path)).json["data"]) == len(public) + 1


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "text or parts"),
        ({"text": "  "}, "text or parts"),
        ({"text": 7}, "body.text"),
        ({"text": "x", "colour": "red"}, "body.colour"),
        ({"parts": [{"kind": "text"}]}, "body.parts.0"),
        ({"parts": [{"kind": "text", "text": "x", "colour": "red"}]}, "body.parts.0"),
        ({"parts": [{"kind": "tap", "payload": "x"}]}, "body.parts.0"),
        ({"parts": [{"text": "x"}]}, "body.parts.0"),
        ({"parts": [{"kind": "text", "text": "x"}] * 21}, "body.parts"),
        ({"parts": [{"kind": "media", "url": "javascript:alert(1)"}]}, "parts.0"),
        ({"parts": [{"kind": "buttons", "buttons": [{"title": "x", "url": "data:text/html,x"}]}]}, "parts.0"),
        ({"text": "x" * 40_000}, "body.text"),
        ({"text": "x", "language": "<es>"}, "body.language"),
        ({"text": "x", "internal": True, "parts": [{"kind": "text", "text": "y"}]}, "a note"),
        ([], "body"),
        ("x", "body"),
        (None, "body"),
    ],
)
async def test_what_can_not_be_said_is_named(parley: Front, body: Any, place: str) -> None:
    conversation = await talked(parley)
    await parley.post(f"/v1/conversations/{conversation.id}/accept")
    answer = await parley.post(f"/v1/conversations/{conversation.id}/messages", body)
    assert (answer.status, answer.code) == (400, "malformed")
    assert place in answer.json["error"]["message"]


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b'{"text":"\\ud800"}',
        b'{"context":{"a":NaN}}',
        b'{"context":{"a":Infinity}}',
        b'{"context":' + b'{"a":' * 2000 + b"1" + b"}" * 2000 + b"}",
        b'{"context":{"a":' + b"9" * 5000 + b"}}",
        b'{"context":{"a":' + b"9" * 30 + b"}}",
        b'{"context":{"\\ud800":1}}',
        b'{"context":{"a":["\\udfff"]}}',
        b'{"context":[]}',
    ],
)
async def test_json_that_bites(parley: Front, raw: bytes) -> None:
    conversation = await talked(parley)
    for path in ("context", "messages"):
        method = "PUT" if path == "context" else "POST"
        answer = await parley.ask(
            method,
            f"/v1/conversations/{conversation.id}/{path}",
            data=raw,
            headers={"Content-Type": "application/json"},
        )
        assert (answer.status, answer.code) == (400, "malformed"), (path, answer.body)


async def test_a_body_that_is_not_json_by_type(parley: Front) -> None:
    conversation = await talked(parley)
    answer = await parley.ask(
        "POST", f"/v1/conversations/{conversation.id}/messages", data=b"text=x", headers={"Content-Type": "text/plain"}
    )
    assert answer.status == 400


async def test_a_megabyte(parley: Front) -> None:
    conversation = await talked(parley)
    answer = await parley.post(f"/v1/conversations/{conversation.id}/messages", {"text": "x" * 1_000_000})
    assert (answer.status, answer.code) == (413, "too_large")
