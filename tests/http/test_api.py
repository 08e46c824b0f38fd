"""/v1 as a desk of somebody else's would use it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orchestrator.types import Agent
from tests.support import bots
from tests.support.talks import talked
from tests.support.web import Front, api_routes, front


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Front]:
    bots.reset()
    async with front(tmp_path, api_routes) as parley:
        await parley.make_key("write")
        yield parley


# Conversations


async def test_a_conversation_as_it_stands(parley: Front) -> None:
    conversation = await talked(parley, context={"page": "/checkout"}, profile={"name": "Ana", "tier": "gold"})
    shown = (await parley.get(f"/v1/conversations/{conversation.id}")).json
    assert shown["id"] == conversation.id
    assert shown["address"] == "visitor"
    assert shown["controller"] == {"kind": "bot", "name": "echo"}
    assert shown["context"] == {"page": "/checkout"}
    assert shown["last_seq"] == 2
    assert shown["queue"] is None
    assert "app_id" not in shown
    assert "version" not in shown


async def test_listing_pages_through_everything_once(parley: Front) -> None:
    for number in range(7):
        await talked(parley, address=f"visitor-{number}")
    seen: list[str] = []
    cursor = ""
    for _ in range(10):
        page = (await parley.get("/v1/conversations", limit=3, cursor=cursor)).json
        seen += [item["address"] for item in page["data"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == [f"visitor-{number}" for number in range(7)]
    assert seen[0] == "visitor-6"


async def test_views(parley: Front) -> None:
    waiting = await talked(parley, address="ana")
    await talked(parley, address="bo")
    mine = (await parley.post(f"/v1/conversations/{waiting.id}/accept")).json
    assert mine["controller"]["kind"] == "desk"
    assert [one["id"] for one in (await parley.get("/v1/conversations", view="mine")).json["data"]] == [waiting.id]
    assert (await parley.get("/v1/conversations", view="queue")).json["data"] == []
    assert len((await parley.get("/v1/conversations", customer_id=waiting.customer_id)).json["data"]) == 1


async def test_the_language_is_pinned(parley: Front) -> None:
    conversation = await talked(parley)
    path = f"/v1/conversations/{conversation.id}/language"
    pinned = await parley.put(path, {"language": "es"})
    assert pinned.status == 200
    assert pinned.json["language"]["code"] == "es"
    assert pinned.json["language"]["by_agent"] is True
    assert (await parley.put(path, {"language": "tlh"})).status == 400
    assert (await parley.put(path, {"language": ""})).json["language"]["by_agent"] is False


async def test_context_is_replaced(parley: Front) -> None:
    conversation = await talked(parley, context={"page": "/"})
    path = f"/v1/conversations/{conversation.id}/context"
    answer = await parley.put(path, {"context": {"cart": {"total": 12.5, "items": ["mug"]}}, "language": "es"})
    assert answer.status == 200
    assert answer.json["context"] == {"cart": {"total": 12.5, "items": ["mug"]}}
    await parley.house.hear("and now?")
    await parley.house.settled()
    assert bots.seen[-1].context == {"cart": {"total": 12.5, "items": ["mug"]}}


async def test_marks_only_grow_and_never_pass_the_last_message(parley: Front) -> None:
    conversation = await talked(parley)
    path = f"/v1/conversations/{conversation.id}/marks"
    assert (await parley.post(path, {"customer_read": 99})).json == {
        "customer_delivered": 2,
        "customer_read": 2,
        "desk_read": 0,
    }
    assert (await parley.post(path, {"customer_read": 1})).json["customer_read"] == 2
    assert (await parley.post(path, {"desk_read": 1})).json["desk_read"] == 0
    await parley.post(f"/v1/conversations/{conversation.id}/accept")
    assert (await parley.post(path, {"desk_read": 1})).json["desk_read"] == 1


# Handoffs


async def test_an_outside_desk_works_a_case(parley: Front) -> None:
    conversation = await talked(parley, "a person please", address="ana")
    runtime = parley.house.runtime
    other = Agent(app_id="shop", id="ada", email="", name="Ada", password_hash="", created_at=runtime.clock.now())
    accepted = (await parley.post(f"/v1/conversations/{conversation.id}/accept")).json
    handoff_id = accepted["handoff"]["id"]
    shown = (await parley.get(f"/v1/handoffs/{handoff_id}")).json
    assert shown["state"] == "accepted"
    assert shown["packet"]["transcript"][0]["parts"][0]["text"] == "a person please"
    assert shown["packet"]["version"] == 1
    listed = (await parley.get("/v1/handoffs", state="accepted")).json["data"]
    assert [one["id"] for one in listed] == [handoff_id]
    assert "packet" not in listed[0]
    again = await parley.post(f"/v1/handoffs/{handoff_id}/accept")
    assert (again.status, again.json["state"]) == (200, "accepted")
    await parley.post(f"/v1/conversations/{conversation.id}/messages", {"text": "I am here"})
    returned = await parley.post(f"/v1/handoffs/{handoff_id}/return", {"note": "refund promised"})
    assert (returned.json["state"], returned.json["note"]) == ("returned", "refund promised")
    over = await parley.post(f"/v1/handoffs/{handoff_id}/resolve")
    assert (over.status, over.code) == (409, "conflict")
    late = await parley.post(f"/v1/handoffs/{handoff_id}/accept")
    assert (late.status, late.code) == (409, "conflict")
    held = (await parley.get(f"/v1/conversations/{conversation.id}")).json
    assert held["controller"]["kind"] == "bot"
    await runtime.engine.desk.accept("shop", conversation.id, other)
    stale = await parley.post(f"/v1/handoffs/{handoff_id}/accept")
    assert (stale.status, stale.code) == (409, "conflict")
    theirs = (await parley.get(f"/v1/conversations/{conversation.id}")).json["handoff"]["id"]
    assert (await parley.post(f"/v1/handoffs/{theirs}/accept")).status == 409
    assert (await parley.post(f"/v1/handoffs/{theirs}/return")).code == "forbidden"


async def test_an_old_case_does_not_end_the_new_one(parley: Front) -> None:
    conversation = await talked(parley)
    take = f"/v1/conversations/{conversation.id}/accept"
    old = (await parley.post(take)).json["handoff"]["id"]
    await parley.post(f"/v1/handoffs/{old}/return")
    new = (await parley.post(take)).json["handoff"]["id"]
    for ending in ("return", "resolve"):
        answer = await parley.post(f"/v1/handoffs/{old}/{ending}")
        assert (answer.status, answer.code) == (409, "conflict")
    assert (await parley.get(f"/v1/handoffs/{new}")).json["state"] == "accepted"


async def test_the_bots_offer_is_accepted(tmp_path: Path) -> None:
    bots.reset()
    async with front(tmp_path, api_routes, bot="person") as parley:
        await parley.make_key("write")
        conversation = await talked(parley, "help")
        waiting = (await parley.get("/v1/handoffs", state="offered")).json["data"]
        assert [(one["conversation_id"], one["team"], one["priority"]) for one in waiting] == [
            (conversation.id, "orders", "urgent")
        ]
        shown = (await parley.get(f"/v1/conversations/{conversation.id}")).json
        assert shown["queue"]["position"] == 1
        accepted = await parley.post(f"/v1/handoffs/{waiting[0]['id']}/accept")
        assert accepted.json["state"] == "accepted"
        moved = await parley.post(
            f"/v1/conversations/{conversation.id}/transfer", {"team": "support", "note": "theirs"}
        )
        assert moved.json["handoff"]["team"] == "support"
        assert (await parley.post(f"/v1/conversations/{conversation.id}/messages", {"text": "x"})).status == 409
        back = await parley.post(f"/v1/handoffs/{moved.json['handoff']['id']}/accept")
        assert (back.status, back.json["state"]) == (200, "accepted")
        assert (await parley.post(f"/v1/conversations/{conversation.id}/messages", {"text": "x"})).status == 201
        unknown = await parley.post(f"/v1/conversations/{conversation.id}/transfer", {"team": "nowhere"})
        assert unknown.status == 404


async def test_only_one_of_two_desks_gets_it(tmp_path: Path) -> None:
    async with front(tmp_path, api_routes, bot="person") as parley:
        await parley.make_key("write")
        await talked(parley, "help")
        handoff = (await parley.get("/v1/handoffs")).json["data"][0]["id"]
        keys = [parley.key, await parley.make_key("write")]
        path = f"/v1/handoffs/{handoff}/accept"
        answers = await asyncio.gather(
            *(parley.ask("POST", path, headers={"Authorization": f"Bearer {key}"}) for key in keys for _ in range(3))
        )
        assert sorted({answer.status for answer in answers}) == [200, 409]
        winners = {answer.json["agent_id"] for answer in answers if answer.status == 200}
        assert len(winners) == 1


# The rest


async def test_customers(parley: Front) -> None:
    conversation = await talked(parley, profile={"name": "Ana", "email": "ana@example.org"})
    listed = (await parley.get("/v1/customers")).json["data"]
    assert [one["id"] for one in listed] == [conversation.customer_id]
    shown = (await parley.get(f"/v1/customers/{conversation.customer_id}")).json
    assert shown["profile"] == {"name": "Ana", "email": "ana@example.org"}


async def test_traces(parley: Front) -> None:
    conversation = await talked(parley)
    listed = (await parley.get(f"/v1/conversations/{conversation.id}/traces")).json["data"]
    assert [(one["outcome"], one["seqs"]) for one in listed] == [("answered", [1])]
    shown = (await parley.get(f"/v1/traces/{listed[0]['id']}")).json
    assert shown == {**listed[0], "shadows": []}
    assert shown["bots"][0]["bot"] == "echo"
    assert shown["actions"][0]["parts"][0]["text"] == "echo: hello"


async def test_bots_and_their_health(tmp_path: Path) -> None:
    more = {"broken": {"kind": "python", "bot": "tests.support.bots:broken", "breaker_failures": 2}}
    async with front(tmp_path, api_routes, bot="broken", bots=more) as parley:
        await parley.make_key("read")

        async def health() -> str:
            found = {bot["name"]: bot for bot in (await parley.get("/v1/bots")).json["data"]}
            assert found["broken"]["default"]
            assert found["echo"]["health"] == "ok"
            return str(found["broken"]["health"])

        assert await health() == "ok"
        await talked(parley, "one", address="a")
        assert await health() == "failing"
        await talked(parley, "two", address="b")
        assert await health() == "resting"


async def test_channels_and_what_they_can_show(tmp_path: Path) -> None:
    channels = {"web": {"kind": "webchat"}, "kiosk": {"kind": "webhook", "signature": "none", "limits": {"buttons": 3}}}
    async with front(tmp_path, api_routes, channels=channels) as parley:
        await parley.make_key("read")
        found = {channel["id"]: channel for channel in (await parley.get("/v1/channels")).json["data"]}
    assert (found["kiosk"]["kind"], found["kiosk"]["hook"], found["kiosk"]["delivery"]) == (
        "webhook",
        "/hooks/kiosk",
        "push",
    )
    assert found["kiosk"]["limits"]["buttons"] == 3
    assert found["web"]["hook"] == ""


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "x"},
        {"limit": "9" * 40},
        {"cursor": "x"},
        {"cursor": "%%%"},
        {"cursor": "ZZZZ"},
        {"cursor": "MDAwMS0wMS0wMVQwMDowMDowMCsyMzo1OQ"},
        {"view": "theirs"},
        {"customer_id": "x" * 101},
        {"limt": "5"},
        {"view": "all", "team": "", "Limit": "5"},
    ],
)
async def test_queries_that_can_not_be(parley: Front, query: dict[str, str]) -> None:
    answer = await parley.get("/v1/conversations", **query)
    assert (answer.status, answer.code) == (400, "malformed")


async def test_a_misspelt_query_is_told_what_there_is(parley: Front) -> None:
    answer = await parley.get("/v1/conversations", limt="5")
    assert "query.limt" in answer.json["error"]["message"]
    assert "limit" in answer.json["error"]["message"]
    assert "known: none" in (await parley.get("/v1/handoffs/none", x="1")).json["error"]["message"]


async def test_no_such_place(parley: Front) -> None:
    assert (await parley.get("/v1/nothing")).code == "not_found"
    assert (await parley.ask("DELETE", "/v1/bots")).code == "method_not_allowed"
