"""Stored channels in a process that did not add them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters.vault import AesVault
from orchestrator.app import switchboard_of
from orchestrator.engine.per_channel import PerChannel
from orchestrator.errors import NotFound
from orchestrator.roster import NewChannel, Switchboard
from orchestrator.site import hook_channels
from orchestrator.types import Serves
from tests.support.house import House, house
from tests.support.registered import registered, until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KIOSK = {"kind": "webhook", "secret": SECRET}


def elsewhere(home: House) -> Switchboard:
    """As another process has it, that can't tell us."""
    runtime = home.runtime
    return switchboard_of(runtime.settings, runtime.base, runtime.store, runtime.clock)


def new(name: str = "kiosk", raw: Any = None, **more: Any) -> NewChannel:
    return NewChannel(id=name, raw=raw or KIOSK, **more)


async def test_a_process_that_was_not_told_looks_by_itself(home: House) -> None:
    switchboard = elsewhere(home)
    await switchboard.add("shop", new())
    await until(lambda: "kiosk" in home.runtime.apps["shop"].channels)
    await switchboard.switch("shop", "kiosk", False)
    await until(lambda: "kiosk" not in home.runtime.apps["shop"].channels)


async def test_a_turn_of_a_channel_nobody_told_us_of_waits_for_no_sweep(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        home.runtime.roster.seconds = 3600
        home.runtime.roster.poked.set()
        await elsewhere(home).add("shop", new("later", {"kind": "webchat", "bot": "counter"}))
        home.channel = "later"
        await home.hear("hello")
        await home.settled()
        assert (await home.conversation()).controller.name == "counter"


async def test_a_name_that_was_given_again_is_another_channel(home: House) -> None:
    switchboard, hooks = elsewhere(home), hook_channels(home.runtime)
    await switchboard.add("shop", new())
    await home.runtime.roster.look()
    first = hooks["kiosk"]
    assert hooks["kiosk"] is first, "made once"
    await switchboard.remove("shop", "kiosk")
    await switchboard.add("shop", new(raw={**KIOSK, "rate": 7}))
    await home.runtime.roster.look()
    assert hooks["kiosk"].rate == 7
    await switchboard.remove("shop", "kiosk")
    await home.runtime.roster.look()
    assert "kiosk" not in hooks
    with pytest.raises(NotFound):
        await switchboard.entry("shop", "kiosk")


async def test_what_can_not_be_made_leaves_what_ran_before(home: House) -> None:
    switchboard, roster = elsewhere(home), home.runtime.roster
    await switchboard.add("shop", new())
    await roster.look()
    before = home.runtime.apps["shop"].channels["kiosk"]
    entry = await switchboard.entry("shop", "kiosk")
    foreign = AesVault(lambda: ("another-key-of-thirty-two-characters-or-more",))
    await switchboard.keep(replace(entry, sealed=foreign.seal("{}", "channel")))
    await roster.look()
    assert home.runtime.apps["shop"].channels["kiosk"] is before
    assert "can't be decrypted" in roster.connections.trouble["kiosk"]
    assert SECRET not in repr(roster.connections.lines) + repr(entry)


async def test_another_apps_channel_and_one_of_the_file_stay_theirs(home: House) -> None:
    switchboard, roster = elsewhere(home), home.runtime.roster
    await switchboard.add("shop", new())
    entry = await switchboard.entry("shop", "kiosk")
    await switchboard.records.keep(replace(entry, id="web", revision=0))
    await switchboard.records.keep(replace(entry, id="theirs", app_id="bank", revision=0))
    web = home.runtime.apps["shop"].channels["web"]
    await roster.look()
    assert home.runtime.apps["shop"].channels["web"] is web
    assert "goes before" in roster.connections.trouble["web"]
    assert "theirs" not in home.runtime.apps["shop"].channels


async def test_a_registered_bot_may_serve_a_stored_channel(home: House) -> None:
    await elsewhere(home).add("shop", new())
    registrar = home.runtime.registrar
    await registered(home, "helper", "echo", serves=None)
    entry = await registrar.serve("shop", "helper", Serves(channels=("kiosk",)))
    assert entry.serves.channels == ("kiosk",)


async def test_a_view_of_channels_counts_those_it_has(home: House) -> None:
    kinds = PerChannel(home.runtime.apps, lambda _, channel: channel.settings.kind)
    assert dict(kinds) == {"web": "webchat"}
    assert len(PerChannel(home.runtime.apps, lambda *_: None)) == 0
