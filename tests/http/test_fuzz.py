"""Hostile input over real HTTP: whatever comes, the answer is never a 500, and always in our form."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from starlette.routing import BaseRoute
from yarl import URL

from orchestrator.http import api, callback, hooks
from orchestrator.http.api import docs
from orchestrator.site import hook_channels
from tests.support.house import House
from tests.support.web import Front, Reply, front

EXAMPLES = 250

# Half surrogate pairs, controls, NUL and right-to-left marks are in; json.dumps writes them as escapes.
text = st.text(st.characters(exclude_categories=()), max_size=20)
fair = st.text(max_size=20) | st.sampled_from(["support", "es", "https://example.com/a.png", "javascript:x", "x" * 300])
numbers = st.one_of(
    st.integers(), st.integers(-(10**40), 10**40), st.floats(), st.sampled_from([2**53, 2**63, 2**64, -(2**63) - 1])
)
json_values: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
header = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)
raw_bodies = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"", b"{", b"null", b"[" * 3000, b'{"a":' * 1500, b'{"text":"\\ud800"}', b"\xef\xbb\xbf{}"]),
)


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@contextmanager
def opened(folder: Path, **app: Any) -> Iterator[tuple[asyncio.Runner, Front]]:
    """A Front that sync code, such as Hypothesis, can ask through the runner."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield runner, runner.run(stack.enter_async_context(front(folder, mounted, **app)))
        finally:
            runner.run(stack.aclose())


def mounted(house: House) -> Sequence[BaseRoute]:
    runtime = house.runtime
    return [
        *hooks.routes(hook_channels(runtime), runtime.engine, runtime.bus),
        *callback.routes(runtime.engine),
        *v1(house).routes,
    ]


def v1(house: House) -> Any:
    runtime = house.runtime
    return api.router(
        apps=runtime.apps,
        engine=runtime.engine,
        records=runtime.store,
        letters=runtime.store,
        accounts=runtime.store,
        bus=runtime.bus,
        clock=runtime.clock,
        office=runtime.office,
        rate=10**9,
    )


async def send(parley: Front, asked: Asked) -> Reply:
    query = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in asked.query)
    url = URL(f"{parley.url}{asked.path}{'?' if query else ''}{query}", encoded=True)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {parley.key}"} | dict(asked.headers)
    async with parley.session.request(
        asked.method, url, headers=headers, data=asked.body, allow_redirects=False
    ) as answer:
        return Reply(
            answer.status, {name.lower(): value for name, value in answer.headers.items()}, await answer.read()
        )


def quoted(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def sane(asked: Asked, answer: Reply) -> None:
    assert answer.status < 500, (asked, answer.body)
    if answer.status >= 400:
        assert set(answer.json) == {"error"}, asked
        assert {"code", "message"} <= set(answer.json["error"])
        assert b"Traceback" not in answer.body


# The API, along its own description


def values(schema: Mapping[str, Any], known: Mapping[str, Any], depth: int = 0) -> SearchStrategy[Any]:
    """What the schema asks for, more or less; now and then something else altogether."""
    if "$ref" in schema:
        return values(known[schema["$ref"].rpartition("/")[2]], known, depth)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    options = schema.get("oneOf") or schema.get("anyOf")
    if options:
        return st.one_of(*(values(option, known, depth) for option in options))
    return typed(schema, known, depth)


def typed(schema: Mapping[str, Any], known: Mapping[str, Any], depth: int) -> SearchStrategy[Any]:
    match schema.get("type"):
        case "object" if "properties" in schema and depth < 5:
            fields = {name: mostly(values(one, known, depth + 1)) for name, one in schema["properties"].items()}
            needed = {name: fields.pop(name) for name in schema.get("required", ()) if name in fields}
            return st.fixed_dictionaries(needed, optional=fields)
        case "object":
            return st.dictionaries(fair, fair | json_values, max_size=3)
        case "array":
            return st.lists(values(schema.get("items", {}), known, depth + 1), max_size=3)
        case "integer" | "number":
            return now_and_then(numbers, st.integers(0, 300))
        case "boolean":
            return st.booleans()
        case "string":
            return now_and_then(text, fair)
        case _:
            return json_values


def mostly(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return now_and_then(json_values, strategy)


def now_and_then(seldom: SearchStrategy[Any], else_: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.integers(0, 15).flatmap(lambda dice: seldom if dice == 15 else else_)


def requests(described: Mapping[str, Any], ids: Mapping[str, str]) -> SearchStrategy[Asked]:
    known = described["components"]["schemas"]
    return st.one_of(
        *(
            request(method, path, operation, known, ids)
            for path, methods in described["paths"].items()
            for method, operation in methods.items()
            if not path.startswith("/v1/keys")
        )
    )


@st.composite
def request(
    draw: st.DrawFn,
    method: str,
    path: str,
    operation: Mapping[str, Any],
    known: Mapping[str, Any],
    ids: Mapping[str, str],
) -> Asked:
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    for one in operation.get("parameters", ()):
        if one["in"] == "path":
            strange = text.filter(lambda name: name not in (".", ".."))
            found = draw(now_and_then(strange, st.just(ids.get(one["name"], "x"))))
            path = path.replace("{" + one["name"] + "}", quoted(found))
        elif one["in"] == "header":
            headers[one["name"]] = draw(header)
        elif draw(st.booleans()):
            query.append((one["name"], draw(now_and_then(text, values(one["schema"], known).map(str)))))
    body = None
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        body = draw(
            now_and_then(raw_bodies, mostly(values(schema, known)).map(lambda value: json.dumps(value).encode()))
        )
    return Asked(method.upper(), path, query, headers, body)


def test_no_request_breaks_the_api(tmp_path: Path) -> None:
    with opened(tmp_path) as (runner, parley):
        described = docs.schema(v1(parley.house), "1")
        runner.run(parley.make_key("write"))
        accepted = runner.run(parley.house.hear("hello"))
        conversation = accepted.conversation
        held = runner.run(parley.post(f"/v1/conversations/{conversation.id}/accept")).json
        ids = {
            "conversation_id": conversation.id,
            "customer_id": conversation.customer_id,
            "handoff_id": held["handoff"]["id"],
        }

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(requests(described, ids))
        def check(asked: Asked) -> None:
            sane(asked, runner.run(send(parley, asked)))

        check()


# The hook and the callback

needed_fields: dict[str, SearchStrategy[Any]] = {
    "id": fair | st.integers(),
    "conversation": st.sampled_from(["ana", "bo"]) | fair,
    "text": fair,
}
event_fields: dict[str, SearchStrategy[Any]] = {
    "type": st.sampled_from(["message", "start", "status", "image", "location", "tap", "form_answer", "typing"]) | fair,
    "user": st.fixed_dictionaries({}, optional={"id": fair, "name": fair}),
    "parts": st.lists(
        st.fixed_dictionaries(
            {"kind": st.sampled_from(["text", "media", "location", "tap", "form_answer", "buttons"])},
            optional={
                "text": fair,
                "url": fair,
                "latitude": st.floats(-90, 90),
                "longitude": st.floats(-180, 180),
                "payload": fair,
                "form_id": fair,
            },
        ),
        max_size=3,
    ),
    "url": fair,
    "latitude": numbers,
    "values": st.dictionaries(fair, fair, max_size=3),
    "message": fair,
    "profile": st.dictionaries(fair, fair | numbers, max_size=3),
    "context": st.dictionaries(fair, json_values, max_size=3),
    "language": fair,
    "at": numbers | fair | st.datetimes().map(str),
    "status": st.sampled_from(["sent", "delivered", "read", "failed"]) | fair,
}
events: SearchStrategy[Any] = st.fixed_dictionaries(
    {name: mostly(one) for name, one in needed_fields.items()},
    optional={name: mostly(one) for name, one in event_fields.items()},
)
hook_bodies: SearchStrategy[bytes] = now_and_then(
    json_values, events | st.lists(events, max_size=4).map(lambda batch: {"events": batch})
).map(lambda value: json.dumps(value).encode())


def test_no_delivery_breaks_the_hook(tmp_path: Path) -> None:
    channels = {"open": {"kind": "webhook", "signature": "none", "rate": 100_000}}
    with opened(tmp_path, channels=channels) as (runner, parley):

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(hook_bodies | raw_bodies, st.dictionaries(st.sampled_from(["webhook-id", "x"]), header, max_size=2))
        def check(body: bytes, headers: dict[str, str]) -> None:
            asked = Asked("POST", "/hooks/open", headers=headers, body=body)
            sane(asked, runner.run(send(parley, asked)))

        check()


@pytest.mark.parametrize("path", ["/hooks/signed", "/bots/callback/e30.e30.e30"])
def test_no_stranger_gets_in(tmp_path: Path, path: str) -> None:
    channels = {"signed": {"kind": "webhook", "secret": "A" * 32}}
    names = st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "authorization"])
    with opened(tmp_path, channels=channels) as (runner, parley):

        @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
        @given(hook_bodies | raw_bodies, st.dictionaries(names, header | st.just("v1,AAAA v1"), max_size=4))
        def check(body: bytes, headers: dict[str, str]) -> None:
            asked = Asked("POST", path, headers=headers, body=body)
            answer = runner.run(send(parley, asked))
            sane(asked, answer)
            assert answer.status in (400, 401)

        check()
