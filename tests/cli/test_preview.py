"""`parley preview`: one message on every channel, without an account."""

import json
from pathlib import Path

import pytest

from orchestrator.preview import installed
from tests.support.command import run

TOML = """
[[parts]]
kind = "text"
text = "**Hello** there"
markdown = true

[[parts]]
kind = "quick_replies"
text = "Which size?"
choices = [{title = "Small", payload = "s"}, {title = "Large", payload = "l"}]
"""
FORM = {
    "kind": "form",
    "id": "f",
    "title": "Delivery",
    "fields": [{"name": "mail", "label": "E-mail", "type": "email"}],
}


def test_every_channel_is_shown_with_what_is_lost(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(TOML)
    ran = run("preview", tmp_path / "m.toml")
    assert ran.code == 0
    for kind in installed():
        assert f"── {kind} · " in ran.out
    assert "( Small ) ( Large )" in ran.out


def test_json_for_programs(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps({"parts": [{"kind": "text", "text": "Hi"}, FORM]}))
    ran = run("preview", tmp_path / "m.json", "--json", "--channel", "webchat", "--channel", "rasa", "--language", "es")
    web, plain = sorted(json.loads(ran.out)["channels"], key=lambda one: one["kind"], reverse=True)
    assert (web["kind"], [part["kind"] for part in web["parts"]], web["losses"]) == ("webchat", ["text", "form"], [])
    assert plain["losses"] == [{"part": 1, "what": "form", "became": "questions"}]
    assert "Unas preguntas" in plain["parts"][-1]["text"]
    assert plain["parts"][-1]["text"].endswith("E-mail")


def test_a_loss_names_the_part_it_befell(tmp_path: Path) -> None:
    place = {"kind": "location", "latitude": 1.0, "longitude": 2.0}
    (tmp_path / "m.json").write_text(json.dumps([FORM, place]))
    (found,) = json.loads(run("preview", tmp_path / "m.json", "--json", "--channel", "rasa").out)["channels"]
    assert {(loss["part"], loss["what"]) for loss in found["losses"]} == {(0, "form"), (1, "location")}


@pytest.mark.parametrize(
    "given", ['{"kind": "text", "text": "Hi"}', '[{"kind": "text", "text": "Hi"}]', 'kind = "text"\ntext = "Hi"']
)
def test_a_message_may_be_one_part_or_a_list(tmp_path: Path, given: str) -> None:
    (tmp_path / "m").write_text(given)
    assert "│ Hi" in run("preview", tmp_path / "m", "--channel", "webchat").out


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("[[", "neither JSON nor TOML"),
        ('{"kind": "text"}', "text"),
        ('{"parts": []}', "has no parts"),
        ('{"kind": "sing"}', "malformed"),
        ("\udcff", "can't be read"),
    ],
)
def test_what_is_no_message_is_told_in_a_line(tmp_path: Path, given: str, told: str) -> None:
    (tmp_path / "m").write_bytes(given.encode("utf-8", "surrogateescape"))
    ran = run("preview", tmp_path / "m")
    assert ran.code == 1
    assert told in ran.err


def test_a_channel_there_is_not(tmp_path: Path) -> None:
    (tmp_path / "m").write_text('kind = "text"\ntext = "Hi"')
    ran = run("preview", tmp_path / "m", "--channel", "webchta")
    assert ran.code == 1
    assert "webchat" in ran.err
    assert run("preview", tmp_path / "none").code == 1
