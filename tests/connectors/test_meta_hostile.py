"""Whatever Meta's platforms might post, signed: events or Malformed, never anything else; whatever is said is sent."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.instagram.settings import INSTAGRAM
from connectors.messenger.settings import MESSENGER
from connectors.messenger.settings import Settings as MessengerSettings
from connectors.meta import form_data, hook, inbox_read, inbox_render, lenient, pretend
from connectors.whatsapp import read, render
from connectors.whatsapp import wire as whatsapp_wire
from connectors.whatsapp.settings import Settings as WhatsAppSettings
from orchestrator import codec
from orchestrator.errors import Malformed
from orchestrator.types import Edited, Inbound, RawRequest, Received
from tests.connectors.runner import all_cases

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
WHATSAPP = WhatsAppSettings.model_validate({"app_secret": "s"})
PAGE = MessengerSettings.model_validate({"app_secret": "s"})
META = [
    json.loads(case.data["body"])
    for case in all_cases()
    if case.file == "captured" and case.connector in ("whatsapp", "messenger", "instagram")
]
ODD: tuple[Any, ...] = (None, 0, -1, 1e300, True, "", "x", "\ud83d", [], [None], {}, {"id": 1}, {"a": [{}]})
FEW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here] if here else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths(inner, (*here, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += paths(inner, (*here, index))
    return found


def changed(value: Any, path: tuple[Any, ...], to: Any) -> Any:
    if not path:
        return to
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[path[0]] = changed(value[path[0]], path[1:], to)
    return copy


def events(body: bytes, product: str) -> list[Inbound]:
    request = RawRequest(method="POST", path="/", body=body)
    if product == read.PRODUCT:
        return read.events(request, WHATSAPP, NOON)
    flavour = MESSENGER if product == "page" else INSTAGRAM
    return inbox_read.events(request, flavour, PAGE, NOON)


def sane(found: list[Inbound]) -> None:
    for event in found:
        assert event.at <= NOON
        if isinstance(event, Received | Edited):
            assert event.address
            assert event.external_id
            assert event.parts
            codec.built_parts.read(event.parts)


@FEW
@given(st.data())
def test_one_thing_in_another_shape_breaks_nothing(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(META))
    for _ in range(data.draw(st.integers(1, 3))):
        places = paths(body)
        body = changed(body, data.draw(st.sampled_from(places)), data.draw(st.sampled_from(ODD)))
    sane(events(json.dumps(body).encode(), str(body.get("object"))))


@FEW
@given(st.binary(max_size=200), st.sampled_from([read.PRODUCT, "page", "instagram"]))
def test_noise_is_malformed_or_nothing(noise: bytes, product: str) -> None:
    for body in (noise, b'{"object":"' + product.encode() + b'","entry":' + noise + b"}"):
        try:
            sane(events(body, product))
        except Malformed:
            continue


TEXT = st.text(max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@FEW
@given(st.dictionaries(st.sampled_from(sorted(whatsapp_wire.Message.model_fields) + ["from"]), JSON, max_size=8))
def test_a_message_of_any_shape_is_read_as_far_as_it_goes(raw: dict[str, Any]) -> None:
    said = lenient.read(whatsapp_wire.Message, raw) or whatsapp_wire.Message()
    assert read.parts(said)
    sane(list(read.message(raw, (), NOON)))
    sane(list(read.echo(raw, NOON)))


@FEW
@given(JSON)
def test_a_time_of_any_shape(value: Any) -> None:
    assert hook.moment(value, NOON) <= NOON


def test_a_field_that_is_broken_costs_that_field_only() -> None:
    raw = {"id": "m", "from": "1", "type": "text", "text": {"body": "hi"}, "referral": 7, "errors": [1, {"code": "x"}]}
    (event,) = read.message(raw, (), NOON)
    assert isinstance(event, Received)
    assert event.parts[0].text == "hi"  # type: ignore[union-attr]


@pytest.mark.parametrize("what", ["tap", "form_answer", "unsupported", "template", "form", "location"])
def test_even_what_was_not_fitted_is_said_in_words(what: str) -> None:
    parts = {
        "tap": {"payload": "p"},
        "form_answer": {"form_id": "f", "values": {"a": "b"}},
        "unsupported": {"what": "poll"},
        "template": {"name": "news"},
        "form": {"id": "f", "fields": []},
        "location": {"latitude": 1, "longitude": 2},
    }
    (part,) = codec.parts.read([{"kind": what, **parts[what]}])
    assert inbox_render.message(part)["text"]
    assert render.body(part, WHATSAPP)["type"] in ("text", "template", "location")


def test_forms_are_read_as_they_are_written() -> None:
    body, media_type = form_data.encoded({"a": "ü"}, "file", b"\r\n--x\x00", mime="image/png\r\nx", name='a"\\b\n.png')
    request = RawRequest(method="POST", path="/", headers={"content-type": media_type}, body=body)
    assert pretend.form(request) == ({"a": "ü"}, b"\r\n--x\x00", "a__b_.png")
