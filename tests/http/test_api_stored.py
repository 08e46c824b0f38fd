"""Channels added over /v1: a platform's stand-in behind a real server, and every byte of the database looked at."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.ssrf import Guard
from orchestrator.site import chat_routes
from tests.support.house import House
from tests.support.playhouse import Play, Stage, hook_routes, made, staged
from tests.support.registered import until
from tests.support.web import Front, Reply, api_routes, front

ID = "it"
TOKEN_KEYS = ("token", "secret")


def everything(house: House) -> Sequence[Any]:
    return (*api_routes(house), *hook_routes(house), *chat_routes(house.runtime))


@asynccontextmanager
async def played(folder: Path, kind: str = "telegram", *, private: bool = True) -> AsyncIterator[tuple[Play, Any]]:
    """A Parley without that channel, and the settings that would lead it to the stand-in."""
    stand_in = made(kind, SystemClock())
    async with staged(stand_in) as stage, front(folder, everything) as parley:
        await parley.make_key("admin")
        parley.house.channel = ID
        parley.house.runtime.http.guard = Guard(allow=["127.0.0.0/8"] if private else [])
        yield Play(stage, parley), {"kind": kind, "rate": 10_000, **stand_in.settings(stage.url)}


async def add(parley: Front, settings: Any, name: str = ID, **more: Any) -> Reply:
    return await parley.post("/v1/channels", {"id": name, "settings": settings, **more})


def written(folder: Path) -> bytes:
    """Every byte of the database, its log too."""
    return b"".join(path.read_bytes() for path in folder.rglob("parley.db*"))


async def test_a_telegram_bot_from_its_first_day_to_its_last(tmp_path: Path) -> None:
    async with played(tmp_path) as (play, settings):
        parley, hidden = play.front, [settings[key] for key in TOKEN_KEYS]
        assert await play.say("lucia", "hello") == [404]
        added = await add(parley, settings)
        assert added.status == 201, added.json
        assert added.json["settings"]["token"] == "**********"
        assert (added.json["stored"], added.json["hook"]) == (True, "/hooks/it")
        connected = await parley.post("/v1/channels/it/setup")
        assert connected.status == 200, connected.json
        assert any(step["done"] for step in connected.json["steps"])
        assert await play.say("lucia", "hello") == [200]
        await play.answered("lucia", "echo: hello")
        sent = await parley.post("/v1/channels/it/send-test", {"address": address_of(play), "text": "one, two"})
        assert sent.json["taken"], sent.json
        await play.answered("lucia", "one, two")
        checked = (await parley.post("/v1/channels/it/check")).json
        assert not checked["ok"], "no platform delivers to an address without TLS"
        assert all(one["what"] for one in checked["findings"])
        off = await parley.post("/v1/channels/it/disable")
        assert (off.json["enabled"], off.json["delivery"]) == (False, None)
        assert await play.say("lucia", "anybody there?") == [404]
        assert (await parley.post("/v1/channels/it/enable")).json["enabled"]
        assert await play.say("lucia", "and now?") == [200]
        await play.answered("lucia", "echo: and now?")
        told = [(await parley.get(path)).body for path in ("/v1/channels", "/v1/channels/it")]
        assert (await parley.ask("DELETE", "/v1/channels/it")).status == 204
        assert (await parley.get("/v1/channels/it")).status == 404
        assert await play.say("lucia", "gone?") == [404]
        lines = await parley.house.log(address_of(play))
        assert len(lines) == 4, "what was said stays"
        assert b"it" in written(tmp_path)
        for secret in hidden:
            assert secret.encode() not in b"".join((*told, written(tmp_path), connected.body, sent.body))


def address_of(play: Play) -> str:
    found = next(one for one in play.stage.calls if b"chat_id" in one.body)
    return str(json.loads(found.body)["chat_id"])


async def test_secrets_stay_when_settings_change_and_never_go_elsewhere(tmp_path: Path) -> None:
    async with played(tmp_path) as (play, settings):
        parley = play.front
        shown = (await add(parley, settings)).json["settings"]
        changed = await parley.ask("PATCH", "/v1/channels/it", json={"settings": {**shown, "groups": "all"}})
        assert changed.status == 200, changed.json
        assert changed.json["settings"]["groups"] == "all"
        await play.say("lucia", "hello")
        await play.answered("lucia", "echo: hello")
        taken = await parley.ask("PATCH", "/v1/channels/it", json={"settings": {"groups": None}})
        assert "groups" not in taken.json["settings"]
        elsewhere = {"settings": {"api": "https://collector.example"}}
        refused = await parley.ask("PATCH", "/v1/channels/it", json=elsewhere)
        assert (refused.status, "gives its secrets again" in refused.json["error"]["message"]) == (400, True)
        whole = {
            "settings": {"api": "https://new.example", "token": "123456:abcdefghijklmnop", "secret": "abcdefgh12345678"}
        }
        assert (await parley.ask("PATCH", "/v1/channels/it", json=whole)).status == 200
        other = await parley.ask("PATCH", "/v1/channels/it", json={"settings": {"kind": "viber"}})
        assert (other.status, other.code) == (400, "malformed")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({}, "kind"),
        ({"kind": "telegramm"}, "telegram"),
        ({"kind": "telegram"}, "token"),
        ({"kind": "telegram", "token": "1:secretsecret", "groups": "some"}, "groups"),
        ({"kind": "telegram", "token": "1:secretsecret", "colour": "red"}, "colour"),
        ({"kind": "telegram", "token": "**********"}, "hides"),
        ({"kind": "webchat", "bot": "ecko"}, "did you mean 'echo'"),
        ({"kind": "webchat", "language": "xx"}, "language"),
        ({"kind": "webchat", "hours": {"timezone": "Mars/Base"}}, "hours"),
        ({"kind": "webchat", "rate": 0}, "rate"),
        ({"kind": "email", "address": "a@b.example", "imap": {"host": "10.0.0.1", "password": "x"}}, "imap"),
        ({"kind": "x", "user_id": "1", "token_file": "/etc/passwd"}, "token_file"),
        ({"kind": "slack", "token": "xoxb-1", "signing_secret": "s", "app_token": "xapp-1"}, "app_token"),
    ],
)
async def test_what_is_refused(tmp_path: Path, settings: dict[str, Any], complaint: str) -> None:
    async with front(tmp_path, everything) as parley:
        await parley.make_key("admin")
        answer = await add(parley, settings)
        assert answer.status == 400, answer.json
        assert complaint in answer.json["error"]["message"]
        assert "secretsecret" not in answer.body.decode()
        assert (await parley.get("/v1/channels/it")).status == 404


async def test_no_private_address_is_called(tmp_path: Path) -> None:
    async with played(tmp_path, private=False) as (play, settings):
        parley = play.front
        assert (await add(parley, settings)).status == 201
        refused = await parley.post("/v1/channels/it/setup")
        assert refused.status == 502
        assert "private" in refused.json["error"]["message"]
        assert not (await parley.post("/v1/channels/it/check")).json["ok"]
        taken = (await parley.post("/v1/channels/it/send-test", {"address": "1"})).json
        assert (taken["taken"], "private" in taken["error"]) == (False, True)
        assert play.stage.calls == []


async def test_a_switch_for_private_addresses_is_forced_off(tmp_path: Path) -> None:
    async with front(tmp_path, everything) as parley:
        await parley.make_key("admin")
        own = {"kind": "webhook", "url": "http://127.0.0.1:9/", "signature": "none", "allow_private": True}
        assert (await add(parley, own)).json["settings"].get("allow_private", False) is False
        assert not parley.house.runtime.apps["shop"].channels["it"].connector.settings.allow_private  # type: ignore[attr-defined]


async def test_ids_are_one_of_a_kind(tmp_path: Path) -> None:
    async with front(tmp_path, everything) as parley:
        await parley.make_key("admin")
        taken = await add(parley, {"kind": "webchat"}, "web")
        assert (taken.status, taken.code) == (409, "conflict")
        assert (await add(parley, {"kind": "webchat"}, "more")).status == 201
        assert (await add(parley, {"kind": "webchat"}, "more")).code == "conflict"
        for method, path, body in (
            ("PATCH", "/v1/channels/web", {"enabled": False}),
            ("DELETE", "/v1/channels/web", None),
            ("POST", "/v1/channels/web/disable", None),
        ):
            answer = await parley.ask(method, path, json=body)
            assert (answer.status, "parley.toml" in answer.json["error"]["message"]) == (409, True)
        assert (await parley.ask("DELETE", "/v1/channels/mroe")).status == 404
        file = (await parley.get("/v1/channels/web")).json
        assert (file["stored"], file["created_at"]) == (False, None)


async def test_a_web_chat_that_is_added_opens_at_once(tmp_path: Path) -> None:
    async with front(tmp_path, everything) as parley:
        await parley.make_key("admin")
        assert (await parley.get("/webchat/second/config")).status == 404
        await add(parley, {"kind": "webchat", "name": "Second"}, "second")
        assert (await parley.get("/webchat/second/config")).json["name"] == "Second"
        await parley.ask("PATCH", "/v1/channels/second", json={"settings": {"name": "Third"}})
        assert (await parley.get("/webchat/second/config")).json["name"] == "Third"
        await parley.post("/v1/channels/second/disable")
        assert (await parley.get("/webchat/second/config")).status == 404


async def test_listening_begins_and_ends_with_the_channel(tmp_path: Path) -> None:
    async with played(tmp_path) as (play, settings):
        parley, stage = play.front, play.stage
        await add(parley, {**settings, "mode": "polling", "poll_seconds": 1})
        await called(stage, "getUpdates")
        listeners = parley.house.runtime.engine.listeners
        task = listeners.tasks[ID][1]
        await parley.ask("PATCH", "/v1/channels/it", json={"settings": {"groups": "all"}})
        await until(lambda: ID in listeners.tasks and listeners.tasks[ID][1] is not task)
        assert task.done()
        await parley.post("/v1/channels/it/disable")
        await until(lambda: not listeners.tasks)


async def called(stage: Stage, method: str) -> None:
    async with asyncio.timeout(10):
        while not any(method in one.path for one in stage.calls):
            stage.news.clear()
            await stage.news.wait()


async def test_a_key_that_may_only_write_changes_no_channels(tmp_path: Path) -> None:
    async with front(tmp_path, everything) as parley:
        await parley.make_key("write")
        assert (await add(parley, {"kind": "webchat"})).status == 403
        assert (await parley.post("/v1/channels/web/check")).status == 403
        assert (await parley.get("/v1/channels/web")).status == 200
