"""Who may call the API, and what each operation needs."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import Malformed, NotFound
from orchestrator.http import api
from orchestrator.http.api import docs
from orchestrator.http.keys import create_key
from tests.support.web import Front, api_routes, front


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Front]:
    async with front(tmp_path, api_routes) as parley:
        yield parley


def operations(parley: Front) -> list[tuple[str, str, str]]:
    """Method, path with something in its braces, and the scope the description names."""
    runtime = parley.house.runtime
    described = docs.schema(
        api.router(
            apps=runtime.apps,
            engine=runtime.engine,
            records=runtime.store,
            letters=runtime.store,
            accounts=runtime.store,
            bus=runtime.bus,
            clock=runtime.clock,
            office=runtime.office,
        ),
        "1",
    )
    return [
        (method, re.sub(r"\{[^}]+\}", "nothing", path), operation["x-scope"])
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


BODY = ("post", "put", "patch")
BODIES: dict[str, Any] = {
    "/v1/conversations/nothing/context": {"context": {}},
    "/v1/conversations/nothing/language": {"language": "en"},
    "/v1/conversations/nothing/messages": {"text": "x"},
    "/v1/conversations/nothing/transfer": {"team": "support"},
    "/v1/bots": {
        "name": "x",
        "settings": {"kind": "webhook", "url": "https://x.example", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
    },
    "/v1/bots/nothing/versions": {"settings": {"kind": "webhook"}},
    "/v1/bots/nothing/trial": {"version": 1, "mode": "shadow"},
    "/v1/channels": {"id": "x", "settings": {"kind": "webchat"}},
    "/v1/channels/nothing/send-test": {"address": "x"},
    "/v1/customers/nothing/links": {"channel_id": "web", "address": "x"},
    "/v1/conversations/nothing/continue": {"channel_id": "web"},
    "/v1/keys": {"name": "x", "scopes": ["read"]},
}


async def test_a_key_is_shown_once_and_kept_as_a_digest(parley: Front) -> None:
    runtime = parley.house.runtime
    key, plain = await create_key(runtime.store, runtime.clock, "shop", " our CRM ", ["write", "read"])
    assert re.fullmatch(r"pk_[A-Za-z0-9_-]{43}", plain)
    assert (key.name, key.scopes, key.hint) == ("our CRM", ("read", "write"), plain[:8])
    assert plain not in repr(await runtime.store.keys("shop"))
    assert plain.encode() not in (runtime.base / "parley.db").read_bytes()


@pytest.mark.parametrize(
    ("name", "scopes"), [("", ["read"]), (" ", ["read"]), ("x" * 81, ["read"]), ("x", []), ("x", ["root"])]
)
async def test_keys_that_can_not_be(parley: Front, name: str, scopes: list[Any]) -> None:
    runtime = parley.house.runtime
    with pytest.raises(Malformed):
        await create_key(runtime.store, runtime.clock, "shop", name, scopes)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer pk_", "Bearer pk_" + "A" * 43, "Basic cGs6eA==", "pk_x", "Bearer \xe9"]
)
async def test_no_key_no_answer(parley: Front, header: str) -> None:
    answer = await parley.ask("GET", "/v1/bots", headers={"Authorization": header} if header else {})
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_every_operation_needs_the_scope_it_names(parley: Front) -> None:
    for held in ("read", "write", "admin"):
        await parley.make_key(held)
        allowed = {"read": {"read"}, "write": {"read", "write"}, "admin": {"read", "write", "admin"}}[held]
        for method, path, needed in operations(parley):
            answer = await parley.ask(method.upper(), path, json=BODIES.get(path, {}) if method in BODY else None)
            if needed in allowed:
                assert answer.status in (200, 201, 204, 404), (held, method, path, answer.body)
            else:
                assert (answer.status, answer.code) == (403, "forbidden"), (held, method, path)


async def test_without_a_key_every_operation_is_closed(parley: Front) -> None:
    for method, path, _ in operations(parley):
        answer = await parley.ask(method.upper(), path, json=BODIES.get(path, {}) if method in BODY else None)
        assert (answer.status, answer.code) == (401, "unauthenticated"), (method, path)


async def test_a_revoked_key_is_dead_at_once(parley: Front) -> None:
    await parley.make_key("admin")
    made = await parley.post("/v1/keys", {"name": "short-lived", "scopes": ["read"]})
    assert made.status == 201
    assert made.json["key"].startswith(made.json["hint"])
    listed = (await parley.get("/v1/keys")).json["data"]
    assert {key["name"] for key in listed} == {"test", "short-lived"}
    assert "key" not in listed[0]
    assert "digest" not in listed[0]
    other = replace_key(parley, made.json["key"])
    assert (await other.get("/v1/bots")).status == 200
    assert (await parley.ask("DELETE", f"/v1/keys/{made.json['id']}")).status == 204
    assert (await other.get("/v1/bots")).status == 401


def replace_key(parley: Front, key: str) -> Front:
    return replace(parley, key=key)


async def test_a_key_may_ask_so_often_and_no_more(tmp_path: Path) -> None:
    async with front(tmp_path, lambda house: api_routes(house, rate=5)) as parley:
        await parley.make_key("read")
        answers = [await parley.get("/v1/bots") for _ in range(8)]
        assert [answer.status for answer in answers[:5]] == [200] * 5
        assert (answers[-1].status, answers[-1].code) == (429, "throttled")
        assert int(answers[-1].headers["retry-after"]) >= 1
        await parley.make_key("read")
        assert (await parley.get("/v1/bots")).status == 200


async def test_another_apps_things_do_not_exist(parley: Front) -> None:
    accepted = await parley.house.hear("hello")
    await parley.house.settled()
    runtime = parley.house.runtime
    conversation = accepted.conversation
    await runtime.engine.desk.accept("shop", conversation.id, parley.house.agent())
    handoff = (await runtime.store.handoffs("shop"))[0]
    trace = (await parley.house.traces())[0]
    key, _ = await create_key(runtime.store, runtime.clock, "shop", "theirs", ["admin"])
    # A second app on the same server, with a key of its own.
    runtime.apps["rival"] = replace(runtime.apps["shop"], id="rival")
    await parley.make_key("admin", app="rival")
    for path in (
        f"/v1/conversations/{conversation.id}",
        f"/v1/conversations/{conversation.id}/messages",
        f"/v1/conversations/{conversation.id}/traces",
        f"/v1/customers/{conversation.customer_id}",
        f"/v1/handoffs/{handoff.id}",
        f"/v1/traces/{trace.id}",
    ):
        answer = await parley.get(path)
        assert (answer.status, answer.code) == (404, "not_found"), path
    for path, body in (
        (f"/v1/conversations/{conversation.id}/messages", {"text": "x"}),
        (f"/v1/conversations/{conversation.id}/accept", None),
        (f"/v1/conversations/{conversation.id}/marks", {"customer_read": 1}),
        (f"/v1/conversations/{conversation.id}/transfer", {"team": "support"}),
        (f"/v1/handoffs/{handoff.id}/accept", None),
        (f"/v1/handoffs/{handoff.id}/return", {}),
        (f"/v1/handoffs/{handoff.id}/resolve", {}),
    ):
        answer = await parley.post(path, body)
        assert (answer.status, answer.code) == (404, "not_found"), path
    assert (await parley.put(f"/v1/conversations/{conversation.id}/context", {"context": {}})).status == 404
    for path in ("/v1/conversations", "/v1/customers", "/v1/handoffs"):
        assert (await parley.get(path)).json["data"] == []
    assert (await parley.ask("DELETE", f"/v1/keys/{key.id}")).status in (204, 404)
    assert not (await runtime.store.keys("shop"))[0].revoked


async def test_a_key_of_an_app_that_is_gone(parley: Front) -> None:
    await parley.make_key("admin", app="closed-down")
    answer = await parley.get("/v1/bots")
    assert (answer.status, answer.code) == (403, "forbidden")


async def test_revoking_what_is_not_there(parley: Front) -> None:
    await parley.make_key("admin")
    answer = await parley.ask("DELETE", "/v1/keys/nothing")
    assert answer.status in (204, 404)
    with pytest.raises(NotFound):
        await parley.house.runtime.store.conversation("shop", "nothing")
