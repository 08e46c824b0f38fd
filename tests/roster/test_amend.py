"""Changing settings: what stays, what goes, and what nobody gets by changing an address."""

import re
from typing import Any

import pytest

from orchestrator.errors import Malformed
from orchestrator.registry import found, plugin
from orchestrator.roster.amend import amended, check_secrets, is_address, scrubbed, secrets
from orchestrator.roster.settings import HIDDEN, masked_value

BEFORE = {"kind": "x", "token": "abc", "api": "https://a.example", "smtp": {"host": "mx", "password": "pw"}, "rate": 3}
SHOWN = {**BEFORE, "token": HIDDEN, "smtp": {"host": "mx", "password": HIDDEN}}


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ({}, {}),
        (SHOWN, {}),
        ({"rate": 5}, {"rate": 5}),
        ({"token": "new"}, {"token": "new"}),
        ({"smtp": {"password": HIDDEN, "host": "mx2"}}, {"smtp": {"host": "mx2", "password": "pw"}}),
        ({"more": {"a": [1]}}, {"more": {"a": [1]}}),
        ({"rate": {"deep": 1}}, {"rate": {"deep": 1}}),
    ],
)
def test_what_is_given_goes_over_what_there_was(given: dict[str, Any], after: dict[str, Any]) -> None:
    assert amended(BEFORE, SHOWN, given) == {**BEFORE, **after}


def test_null_takes_a_key_away() -> None:
    assert "smtp" not in amended(BEFORE, SHOWN, {"smtp": None, "nothing": None})
    assert amended(BEFORE, SHOWN, {"smtp": {"host": None}})["smtp"] == {"password": "pw"}


@pytest.mark.parametrize("given", [{"other": HIDDEN}, {"token": ["new", HIDDEN]}, {"smtp": {"host": HIDDEN}}])
def test_a_mask_that_hides_nothing_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="hides a secret"):
        amended(BEFORE, SHOWN, given)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"rate": 5}, ""),
        ({"token": "new"}, ""),
        ({"api": "https://b.example"}, "smtp.password, token"),
        ({"api": "https://b.example", "token": "new"}, "smtp.password"),
        ({"api": "https://b.example", "token": "new", "smtp": {"password": "new"}}, ""),
        ({"smtp": {"host": "mx2"}}, "smtp.password, token"),
        ({"hook": "wss://b.example"}, "smtp.password, token"),
        ({"api": None}, "smtp.password, token"),
    ],
)
def test_secrets_go_to_no_other_address(given: dict[str, Any], missing: str) -> None:
    after = amended(BEFORE, SHOWN, given)
    if not missing:
        check_secrets(BEFORE, after, masked_value(after), given)
        return
    with pytest.raises(Malformed, match=re.escape(missing + ": ")):
        check_secrets(BEFORE, after, masked_value(after), given)


def test_every_connectors_addresses_are_known_as_such() -> None:
    for kind in found("connectors"):
        for name, field in plugin("connectors", kind).Settings.model_fields.items():
            text = field.description or ""
            calls = re.search(r"Base URL|Where Parley POSTs|Where tokens|Where keys|Hosts", text)
            if calls or str(field.default).startswith("http"):
                assert is_address((name,), field.default), (kind, name)


def test_secrets_are_found_wherever_they_are_and_scrubbed() -> None:
    raw = {**BEFORE, "auth_token": ["first-key", "second"]}
    hidden = secrets(raw, {**SHOWN, "auth_token": [HIDDEN, HIDDEN]})
    assert hidden == ["first-key", "second", "abc", "pw"]
    assert scrubbed("GET /first-key/abc", hidden) == f"GET /{HIDDEN}/{HIDDEN}"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ({"token_minutes": 60}, {"token_minutes": 60}),
        ({"password": "x"}, {"password": HIDDEN}),
        ({"url": "https://me:pw@a.example/x?key=1"}, {"url": "https://a.example/x?…"}),
        ({"url": "https://me:pw@[a.example"}, {"url": HIDDEN}),
        ({"list": [{"api_key": "x"}]}, {"list": [{"api_key": HIDDEN}]}),
        ({"secret": ""}, {"secret": ""}),
    ],
)
def test_what_is_shown_holds_no_secret(value: dict[str, Any], seen: dict[str, Any]) -> None:
    assert masked_value(value) == seen
