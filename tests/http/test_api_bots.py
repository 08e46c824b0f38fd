"""/v1/bots: registering bots from outside, as a program with a key does."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from orchestrator.roster import NewBot
from orchestrator.types import Trial
from tests.conformance.test_webhooks import good, served
from tests.support import bots
from tests.support.registered import python, registered, until
from tests.support.web import SECRET, Front, api_routes, front

SETTINGS = {"kind": "webhook", "url": "https://bot.example.com/turns", "secret": SECRET}


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Front]:
    bots.reset()
    async with front(tmp_path, api_routes) as parley:
        await parley.make_key("admin")
        yield parley


async def made(parley: Front, name: str = "outer", **more: Any) -> Any:
    answer = await parley.post("/v1/bots", {"name": name, "settings": SETTINGS, **more})
    assert answer.status == 201, answer.json
    return answer.json


async def test_a_bot_is_registered_and_shown_without_its_secret(parley: Front) -> None:
    shown = await made(parley, note="first", serves={"languages": ["es"]}, capabilities={"languages": ["es"]})
    assert shown["settings"] == {**SETTINGS, "secret": "**********", "trusted": False}
    assert shown["health"] == "off"
    assert shown["versions"][0]["capabilities"]["languages"] == ["es"]
    assert shown["versions"][0]["author"] == "key 'test'"
    assert shown["serves"]["languages"] == ["es"]
    everything = (await parley.get("/v1/bots/outer")).body + (await parley.get("/v1/bots")).body
    assert SECRET.removeprefix("whsec_").encode() not in everything
    assert b"sealed" not in everything


async def test_its_life(parley: Front) -> None:
    await made(parley)
    refused = await parley.post("/v1/bots/outer/enable", {})
    assert (refused.status, refused.code) == (409, "conflict")
    assert "never checked" in refused.json["error"]["message"]
    enabled = (await parley.post("/v1/bots/outer/enable", {"force": True})).json
    assert (enabled["enabled"], enabled["version"], enabled["health"]) == (True, 1, "ok")
    second = await parley.post("/v1/bots/outer/versions", {"settings": {**SETTINGS, "retries": 0}, "note": "second"})
    assert (second.status, second.json["version"]) == (201, 2)
    trial = {"version": 2, "mode": "canary", "share": 0.1, "force": True}
    trying = await parley.put("/v1/bots/outer/trial", trial)
    assert trying.json["trial"]["state"] == "running"
    promoted = (await parley.post("/v1/bots/outer/trial/end", {"promote": True})).json
    assert (promoted["version"], promoted["trial"]["state"]) == (2, "promoted")
    assert (await parley.post("/v1/bots/outer/rollback", {})).json["version"] == 1
    assert (await parley.post("/v1/bots/outer/disable")).json["enabled"] is False
    assert (await parley.ask("DELETE", "/v1/bots/outer")).status == 204
    assert (await parley.get("/v1/bots/outer")).status == 404


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"kind": "python", "bot": "os:system"}, "not from outside"),
        ({"kind": "guide", "file": "/etc/passwd"}, "not from outside"),
        ({**SETTINGS, "url": "nonsense"}, "https://"),
        ({**SETTINGS, "secret": "short"}, ""),
        ({"kind": "webhook"}, "url"),
        ({}, "kind"),
        ({**SETTINGS, "deadline": "soon"}, "deadline"),
    ],
)
async def test_what_is_refused(parley: Front, settings: dict[str, Any], complaint: str) -> None:
    answer = await parley.post("/v1/bots", {"name": "outer", "settings": settings})
    if settings.get("secret") == "short":
        assert answer.status == 201, "only a backend can tell, when it is made"
        assert "secret" in (await parley.post("/v1/bots/outer/enable", {"force": True})).json["trouble"]
        return
    assert answer.status == 400, answer.json
    assert complaint in answer.json["error"]["message"]
    assert SECRET not in answer.body.decode()


async def test_a_private_address_is_never_asked(parley: Front) -> None:
    asked: list[str] = []

    async def spying(request: web.Request) -> web.Response:
        asked.append(request.path)
        return await good(request)

    async with served(spying) as url:
        sneaky = {**SETTINGS, "url": url, "trusted": True}
        await made(parley, "inner", settings=sneaky)
        report = (await parley.post("/v1/bots/inner/check", {"level": 1})).json
    assert asked == []
    assert report["level"] == 0
    assert any("private" in check["detail"] or "port" in check["detail"] for check in report["checks"])
    shown = (await parley.get("/v1/bots/inner")).json
    assert shown["versions"][0]["grade"]["level"] == 0
    refused = await parley.post("/v1/bots/inner/enable", {})
    assert "fails level 1" in refused.json["error"]["message"]


async def test_figures_and_errors(parley: Front) -> None:
    await parley.house.hear("hello")
    await parley.house.settled()
    await parley.house.runtime.roster.flush()
    (hour,) = (await parley.get("/v1/bots/echo/figures", hours=2)).json["data"]
    assert {"version": 0, "arm": "live", "turns": 1, "failed": 0.0}.items() <= hour["figures"][0].items()
    assert (await parley.get("/v1/bots/echo/notes", kind="error")).json["data"] == []
    assert (await parley.get("/v1/bots/nobody/figures")).status == 404


async def test_a_trace_shows_what_the_shadow_would_have_said(parley: Front) -> None:
    home = parley.house
    await registered(home, "helper", "echo")
    await home.runtime.registrar.register("shop", NewBot(name="helper", raw=python("three")))
    trial = Trial(version=2, mode="shadow", started_at=home.runtime.clock.now())
    await home.runtime.registrar.try_out("shop", "helper", trial)
    await home.runtime.roster.look()
    await home.hear("hello")
    await home.settled()
    await until(lambda: not home.runtime.roster.watch.shadows)
    await home.runtime.roster.flush()
    (trace,) = await home.traces()
    (shadow,) = (await parley.get(f"/v1/traces/{trace.id}")).json["shadows"]
    assert (shadow["version"], shadow["outcome"], shadow["same"]) == (2, "ok", False)
    assert shadow["actions"][0]["parts"][0]["text"] == "first"


async def test_names_that_are_taken(parley: Front) -> None:
    await made(parley)
    again = await parley.post("/v1/bots", {"name": "outer", "settings": SETTINGS})
    assert (again.status, again.code) == (400, "malformed")
    taken = await parley.post("/v1/bots", {"name": "echo", "settings": SETTINGS})
    assert (taken.status, taken.code) == (409, "conflict")
    assert (await parley.post("/v1/bots/nobody/versions", {"settings": SETTINGS})).status == 404


async def test_a_key_that_may_only_write_changes_no_bots(parley: Front) -> None:
    await parley.make_key("write")
    assert (await parley.post("/v1/bots", {"name": "outer", "settings": SETTINGS})).status == 403
    assert (await parley.get("/v1/bots")).status == 200
