"""Runs connectors/*/cases/*.json: what a connector reads from its platform, refuses, and sends.

A file holds `{"settings": {…}, "clock": seconds, "cases": […]}`; a case may have its own `settings` and `clock`, which
go over the file's. `{cloud}` in a setting is the loopback server that plays the platform, `{nobody}` an address where
nothing listens. docs/connectors.md is the reference of a case's keys.
"""

import base64
import importlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from orchestrator import codec, errors
from orchestrator.ports import Connector, Files, Http
from orchestrator.types import (
    Delivery,
    Inbound,
    Location,
    Media,
    Outgoing,
    RawRequest,
    Received,
    Rendering,
    StatusChanged,
    Tap,
    Text,
    Unsupported,
)
from tests.support.clock import ManualClock
from tests.support.cloud import Cloud, Reply, Seen, nobody

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
EVENTS: TypeAdapter[Sequence[Inbound]] = TypeAdapter(Sequence[Inbound])


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    connector: str
    file: str
    name: str
    data: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.connector}-{self.file}-{self.name}"

    @property
    def expect(self) -> Mapping[str, Any]:
        expected: Mapping[str, Any] = self.data["expect"]
        return expected


def all_cases() -> list[Case]:
    return [case for path in sorted(ROOT.glob("connectors/*/cases/*.json")) for case in cases_of(path)]


def cases_of(path: Path) -> list[Case]:
    """None in a file that is no such object: a pull connector's frames, which its own test reads."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if "cases" not in content:
        return []
    shared = {"settings": content.get("settings", {}), "clock": content.get("clock")}
    return [
        Case(
            connector=path.parents[1].name,
            file=path.stem,
            name=str(data.get("name") or data["id"]),
            data={**shared, **data, "settings": shared["settings"] | data.get("settings", {})},
        )
        for data in content["cases"]
    ]


def build(case: Case, cloud: Cloud, http: Http, files: Files) -> Connector:
    """The connector as the registry would make it."""
    plugin = importlib.import_module(f"connectors.{case.connector}")
    text = json.dumps(case.data["settings"]).replace("{cloud}", cloud.url).replace("{nobody}", nobody())
    start = case.data.get("clock")
    clock = ManualClock(datetime.fromtimestamp(start, UTC) if start else NOON)
    connector: Connector = plugin.create(
        plugin.Settings.model_validate(json.loads(text)), clock=clock, http=http, files=files
    )
    return connector


async def run(case: Case, connector: Connector, cloud: Cloud) -> None:
    match case.data["kind"]:
        case "inbound" | "event" | "status" | "verify":
            await receive(case, connector)
        case "outbound":
            await send(case, connector, cloud)
        case "typing":
            await connector.typing(case.data["input"]["address"], case.data["input"].get("on", True))
            compare_requests(case.expect["requests"], cloud.seen)
        case unknown:
            raise AssertionError(f"{case}: there is no kind {unknown!r} of case")


async def receive(case: Case, connector: Connector) -> None:
    request = request_of(case.data)
    if (refusal := refusal_of(case.expect)) is not None:
        error = await refused(connector, request)
        assert error is not None, f"{case}: was taken, and must be refused"
        compare_error(refusal, error)
        return
    await connector.verify(request)
    events = connector.parse(request)
    compare_events(case.expect, events)
    if "answer" in case.expect:
        answer = connector.answer(request)
        assert {"status": answer.status, "body": answer.body.decode()} == case.expect["answer"]


async def refused(connector: Connector, request: RawRequest) -> errors.ParleyError | None:
    try:
        await connector.verify(request)
        connector.parse(request)
    except errors.ParleyError as error:
        return error
    return None


def refusal_of(expect: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if expect.get("must_reject"):
        return {"type": "Unauthenticated"}
    return expect.get("error")


def request_of(data: Mapping[str, Any]) -> RawRequest:
    if "body_b64" in data:
        body = base64.b64decode(data["body_b64"])
    elif "json" in data:
        body = json.dumps(data["json"], separators=(",", ":"), ensure_ascii=False).encode()
    else:
        body = data.get("body", "").encode()
    return RawRequest(
        method=data.get("method", "POST"),
        path=data.get("path", "/hooks/it"),
        headers={name.lower(): value for name, value in data.get("headers", {}).items()},
        query=data.get("query", {}),
        body=body,
    )


def compare_events(expect: Mapping[str, Any], events: Sequence[Inbound]) -> None:
    """`events` names everything that counts of each event; the other keys are facts about the first one."""
    if "events" in expect:
        found = EVENTS.dump_python(events, mode="json", exclude_defaults=False)
        assert len(found) == len(expect["events"]), found
        for wanted, got in zip(expect["events"], found, strict=True):
            compare_subset(wanted, got)
    if expect.get("must_ignore"):
        assert not events
    for fact in FACTS.keys() & expect.keys():
        assert FACTS[fact](events) == expect[fact], fact
    if "user_id" in expect:
        first = events[0]
        assert isinstance(first, Received)
        assert str(expect["user_id"]) in (first.address, first.profile.get("user_id"))


def parts_of(events: Sequence[Inbound], kind: type) -> list[Any]:
    return [part for event in events if isinstance(event, Received) for part in event.parts if isinstance(part, kind)]


def only(values: Sequence[Any]) -> Any:
    return values[0] if values else None


FACTS = {
    "text": lambda events: only([part.text for part in parts_of(events, Text)]),
    "postback": lambda events: only([part.payload for part in parts_of(events, Tap)]),
    "attachments": lambda events: [part.url for part in parts_of(events, Media)],
    "location": lambda events: only([[part.latitude, part.longitude] for part in parts_of(events, Location)]),
    "unsupported": lambda events: bool(parts_of(events, Unsupported)),
    "message_id": lambda events: events[0].external_id,
    "status": lambda events: only([event.state for event in events if isinstance(event, StatusChanged)]),
    "status_message_id": lambda events: only(
        [event.external_id for event in events if isinstance(event, StatusChanged)]
    ),
}
"""What the cases of other projects say about an event, and where ours has it."""


async def send(case: Case, connector: Connector, cloud: Cloud) -> None:
    cloud.replies.extend(reply_of(item) for item in case.data.get("platform", ()))
    given = case.data["input"]
    rendering = Rendering(parts=codec.parts.read(given["parts"]))
    outgoing = outgoing_of(given.get("outgoing", {}), rendering)
    outcome = await tried(connector, rendering, outgoing)
    if "error" in case.expect:
        assert isinstance(outcome, errors.ParleyError), f"{case}: went out, and must fail"
        compare_error(case.expect["error"], outcome)
    else:
        assert isinstance(outcome, Delivery), f"{case}: {outcome}"
        assert outcome.external_id == case.expect.get("external_id", outcome.external_id)
    if "requests" in case.expect:
        compare_requests(case.expect["requests"], cloud.seen)


async def tried(connector: Connector, rendering: Rendering, outgoing: Outgoing) -> Delivery | errors.ParleyError:
    try:
        return await connector.send(rendering, outgoing)
    except errors.ParleyError as error:
        return error


def reply_of(item: Mapping[str, Any]) -> Reply:
    body = json.dumps(item["json"]) if "json" in item else item.get("body", "")
    return Reply(
        status=item.get("status", 200),
        headers=item.get("headers", {}),
        body=body.encode(),
        late=item.get("late", False),
    )


def outgoing_of(given: Mapping[str, Any], rendering: Rendering) -> Outgoing:
    row: dict[str, Any] = {
        "id": "out-1",
        "app_id": "shop",
        "conversation_id": "con-1",
        "channel_id": "it",
        "address": "c1",
        "message_id": "msg-1",
        "seq": 2,
        "epoch": 0,
        "due_at": NOON.isoformat(),
        "renderings": [{"parts": codec.parts.plain(rendering.parts)}],
    }
    return codec.outgoing.read(row | dict(given))


def compare_requests(wanted: Sequence[Mapping[str, Any]], seen: Sequence[Seen]) -> None:
    assert len(seen) == len(wanted), [(one.method, one.path) for one in seen]
    for want, got in zip(wanted, seen, strict=True):
        assert got.method == want.get("method", "POST")
        if "path" in want:
            assert got.path == want["path"]
        if "body_json" in want:
            assert json.loads(got.body) == want["body_json"]
        if "body" in want:
            assert got.body.decode() == want["body"]
        compare_subset({name.lower(): value for name, value in (want.get("headers") or {}).items()}, got.headers)
        for absent in want.get("without_headers", ()):
            assert absent not in got.headers


def compare_error(wanted: Mapping[str, Any], error: errors.ParleyError) -> None:
    assert isinstance(error, getattr(errors, wanted["type"])), f"{type(error).__name__}: {error}"
    for name in ("retryable", "retry_after", "reason"):
        if name in wanted:
            assert getattr(error, name) == wanted[name], name
    if "message" in wanted:
        assert re.search(wanted["message"], str(error)), str(error)


def compare_subset(wanted: Any, got: Any, where: str = "") -> None:
    """Every key of a wanted object is there with that value; lists and plain values are equal in full length."""
    if isinstance(wanted, Mapping):
        for key, value in wanted.items():
            assert key in got, f"{where}.{key} is missing in {got}"
            compare_subset(value, got[key], f"{where}.{key}")
    elif isinstance(wanted, list):
        assert len(wanted) == len(got), f"{where}: {got}"
        for index, (one, other) in enumerate(zip(wanted, got, strict=True)):
            compare_subset(one, other, f"{where}.{index}")
    else:
        assert wanted == got, where
