"""`parley channels`: a platform's stand-in behind a real server takes the calls of setup, check and send-test."""

import asyncio
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters.clock import SystemClock
from orchestrator.types import Text
from tests.support.command import run
from tests.support.playhouse import made, staged
from tests.support.process import Ran, write_config

SECRET = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEy"


def config(folder: Path, **channels: Mapping[str, Any]) -> Path:
    shop = {
        "bot": "echo",
        "bots": {"echo": {"kind": "python", "bot": "tests.support.bots:echo"}},
        "nlp": {"enabled": False, "translators": "none"},
        "channels": {"web": {"kind": "webchat"}, **channels},
    }
    return write_config(folder, 0, shop)


async def ran(*arguments: str | Path) -> Ran:
    return await asyncio.to_thread(run, "channels", *arguments)


def test_kinds_are_listed_with_what_they_are() -> None:
    kinds = {row["kind"]: row["what it is"] for row in json.loads(run("channels", "list", "--kinds", "--json").out)}
    assert {"webchat", "webhook", "rasa", "telegram", "whatsapp"} <= set(kinds)
    assert all(kinds.values())


def test_configured_channels_are_listed_with_their_hooks(tmp_path: Path) -> None:
    path = config(tmp_path, kiosk={"kind": "webhook", "secret": SECRET})
    rows = json.loads(run("channels", "list", "--json", "--config", path).out)
    assert [row["channel"] for row in rows] == ["web", "kiosk"]
    assert rows[1]["its platform delivers to"].endswith("/hooks/kiosk")
    assert SECRET not in run("channels", "list", "--config", path).out


def test_add_writes_a_table_that_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_SECRET", SECRET)
    path = config(tmp_path)
    added = run("channels", "add", "webhook", "--name", "kiosk", "--set", "secret=env:KIOSK_SECRET",
                "--set", "url=https://kiosk.example/p", "--set", "rate=12", "--config", path)  # fmt: skip
    assert added.code == 0, added.err
    kiosk = tomllib.loads(path.read_text())["apps"]["shop"]["channels"]["kiosk"]
    assert kiosk == {"kind": "webhook", "secret": "env:KIOSK_SECRET", "url": "https://kiosk.example/p", "rate": 12}
    assert "kiosk" in run("channels", "list", "--config", path).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("webhook", "--set", f"secret={SECRET}"), "is a secret; name where it is kept"),
        (("webhook", "--set", "colour=red"), "there is no key 'colour'"),
        (("webhook", "--set", "url"), "has no value"),
        (("webhook", "--name", "Not A Name"), "is no name"),
        (("webhook", "--name", "web"), "already"),
        (("webhok",), "webhook"),
        (("webhook", "--set", "rate=0"), "rate"),
    ],
)
def test_what_can_not_be_added_leaves_the_file_as_it_was(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    path = config(tmp_path)
    before = path.read_text()
    refused = run("channels", "add", *arguments, "--config", path)
    assert refused.code != 0
    assert said in refused.err
    assert SECRET not in refused.err + refused.out
    assert path.read_text() == before


async def test_an_account_is_connected_checked_and_sent_through(tmp_path: Path) -> None:
    stand_in = made("telegram", SystemClock())
    async with staged(stand_in) as stage:
        path = config(tmp_path, chat={"kind": "telegram", **stand_in.settings(stage.url)})
        url = ("--url", "https://parley.example", "--config", path)
        connected = await ran("setup", "chat", *url)
        assert connected.code == 0, connected.err
        assert "✓" in connected.out
        found = await ran("check", "chat", *url)
        assert found.code == 0, found.out
        local = await ran("check", "chat", "--config", path)
        assert local.code == 1
        assert "set server.public_url" in local.out
        address = address_of(stand_in, "lucia")
        taken = await ran("send-test", "chat", address, "--text", "one, two", *url)
        assert taken.code == 0, taken.err
        assert any("one, two" in repr(one.parts) for one in stand_in.shown("lucia"))
        stage.faults.append("token_expired")
        stage.faulty = "/sendMessage"
        refused = await ran("send-test", "chat", address, *url)
        assert refused.code == 1
        assert "not taken" in refused.err


def test_a_channel_nobody_knows_is_named(tmp_path: Path) -> None:
    refused = run("channels", "check", "chta", "--config", config(tmp_path, chat={"kind": "webhook", "secret": SECRET}))
    assert refused.code != 0
    assert "'chat'" in refused.err


def test_without_an_account_setup_tells_the_address(tmp_path: Path) -> None:
    path = config(tmp_path, kiosk={"kind": "webhook", "secret": SECRET})
    told = run("channels", "setup", "kiosk", "--url", "https://parley.example", "--config", path)
    assert "https://parley.example/hooks/kiosk" in told.out


def address_of(stand_in: Any, user: str) -> str:
    """The chat id the stand-in gave this user, as its webhooks name it."""
    body = json.loads(stand_in.say(user, Text(text="hi"))[0].body)
    return str(body["message"]["chat"]["id"])


async def test_a_channel_is_stored_listed_switched_connected_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = made("telegram", SystemClock())
    async with staged(stand_in) as stage:
        path = config(tmp_path)
        given = stand_in.settings(stage.url)
        monkeypatch.setenv("CHAT_TOKEN", given["token"])
        monkeypatch.setenv("CHAT_SECRET", given["secret"])
        pairs = {**given, "token": "env:CHAT_TOKEN", "secret": "env:CHAT_SECRET"}
        sets = [word for key, value in pairs.items() if key != "kind" for word in ("--set", f"{key}={value}")]
        added = await ran("add", "telegram", "--name", "chat", "--store", *sets, "--config", path)
        assert (added.code, "is stored" in added.out) == (0, True), added.err
        assert "telegram" not in path.read_text()
        assert await asyncio.to_thread(origin, tmp_path, "chat") == "stored"
        url = ("--url", "https://parley.example", "--config", path)
        connected = await ran("setup", "chat", *url)
        assert (connected.code, "✓" in connected.out) == (0, True), connected.err
    assert not await asyncio.to_thread(holding, tmp_path, given["token"])
    await asyncio.to_thread(switched_and_removed, path)


def holding(folder: Path, secret: str) -> list[Path]:
    """Files of the database in which it can be read."""
    return [file for file in folder.rglob("*.db*") if secret.encode() in file.read_bytes()]


def switched_and_removed(path: Path) -> None:
    again = run("channels", "add", "webchat", "--name", "chat", "--store", "--config", path)
    assert (again.code, "already" in again.err) == (1, True)
    assert run("channels", "disable", "chat", "--config", path).code == 0
    assert origin(path.parent, "chat") == "stored, off"
    assert run("channels", "enable", "chat", "--config", path).out.strip() == "chat is on."
    assert "stands in" in run("channels", "remove", "web", "--config", path).err
    assert "did you mean 'chat'" in run("channels", "remove", "chta", "--config", path).err
    assert run("channels", "remove", "chat", "--config", path).code == 0
    assert origin(path.parent, "chat") == ""


def origin(folder: Path, name: str) -> str:
    rows = json.loads(run("channels", "list", "--json", "--config", folder / "parley.toml").out)
    return str(next((row["from"] for row in rows if row["channel"] == name), ""))
