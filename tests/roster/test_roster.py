"""Bots that come, change and go while customers talk."""

import asyncio
from pathlib import Path

import pytest

from orchestrator.adapters.stores import store_alone
from orchestrator.app import registrar_of
from orchestrator.errors import Conflict, Malformed, Misconfigured, NotFound
from orchestrator.roster import NewBot
from orchestrator.types import Grade, Serves
from tests.support import bots
from tests.support.builders import NOON
from tests.support.house import House, house
from tests.support.registered import EVERYBODY, python, registered, until


async def said(home: House, text: str, address: str = "visitor") -> str:
    await home.hear(text, address=address)
    await home.settled(address)
    return (await home.lines(address))[-1]


async def test_a_registered_bot_answers_whom_it_serves(home: House) -> None:
    assert await said(home, "hello", "before") == "bot: echo: hello"
    await registered(home, "helper", "three")
    assert await said(home, "hello") == "bot: third"
    trace = (await home.traces())[0]
    assert trace.decisions[0].rule == "serves: helper"
    assert trace.bots[0].bot == "helper"


async def test_it_serves_a_segment_and_nobody_else(home: House) -> None:
    await registered(home, "golden", "three", serves=Serves(channels=("web",), segment='customer.tier == "gold"'))
    assert await said(home, "hello") == "bot: echo: hello"
    await home.hear("hello", address="gold", profile={"tier": "gold"})
    await home.settled("gold")
    assert (await home.lines("gold"))[-1] == "bot: third"


async def test_a_bot_that_was_never_checked_is_not_enabled(home: House) -> None:
    registrar = home.runtime.registrar
    await registrar.register("shop", NewBot(name="helper", raw=python("echo")))
    with pytest.raises(Conflict, match="was never checked"):
        await registrar.enable("shop", "helper")
    failed = Grade(level=0, suite="parley-bot 1", at=NOON, failed=("plain",))
    await home.runtime.store.bots.grade("shop", "helper", 1, failed)
    with pytest.raises(Conflict, match=r"fails level 1 of parley-bot 1 \(plain\)"):
        await registrar.enable("shop", "helper")
    await home.runtime.store.bots.grade("shop", "helper", 1, Grade(level=1, suite="parley-bot 1", at=NOON))
    assert (await registrar.enable("shop", "helper")).active == 1


async def test_versions_and_the_way_back(home: House) -> None:
    registrar = home.runtime.registrar
    await registered(home, "helper", "three")
    await registered(home, "helper", "counter")
    assert await said(home, "hello") == "bot: number 1"
    assert (await registrar.rollback("shop", "helper")).active == 1
    await home.runtime.roster.look()
    assert await said(home, "hello") == "bot: third"
    with pytest.raises(Conflict, match="no version before"):
        await registrar.rollback("shop", "helper")


async def test_disabled_and_removed(home: House) -> None:
    registrar = home.runtime.registrar
    await registered(home, "helper", "three")
    assert await said(home, "hello") == "bot: third"
    await registrar.disable("shop", "helper")
    await home.runtime.roster.look()
    assert await said(home, "hello", "other") == "bot: echo: hello"
    await registrar.remove("shop", "helper")
    await home.runtime.roster.look()
    with pytest.raises(NotFound):
        await home.runtime.store.bots.entry("shop", "helper")


async def test_a_turn_that_runs_is_finished_by_the_version_it_began_with(home: House) -> None:
    await registered(home, "helper", "slow")
    await home.hear("gate-one")
    await asyncio.wait_for(bots.entered["gate-one"].wait(), 10)
    await registered(home, "helper", "three")
    assert await said(home, "hello", "other") == "bot: third"
    bots.gates["gate-one"].set()
    await home.settled()
    assert (await home.lines())[-1] == "bot: slow: gate-one"


async def test_other_processes_hear_of_it(home: House, tmp_path: Path) -> None:
    """As the command line does it: beside a running server, straight into the database."""
    settings = home.runtime.settings
    async with store_alone(settings.store, tmp_path) as (store, clock):
        registrar = registrar_of(settings, tmp_path, store, clock)
        await registrar.register("shop", NewBot(name="helper", raw=python("three")))
        await registrar.serve("shop", "helper", EVERYBODY)
        await registrar.enable("shop", "helper", force=True)
    await until(lambda: "helper" in home.runtime.apps["shop"].bots)
    assert await said(home, "hello") == "bot: third"


async def test_a_notice_is_enough(tmp_path: Path) -> None:
    """No sweep for an hour: the bus tells."""
    engine = {"sweep_seconds": 3600.0}
    async with house(tmp_path) as first:
        settings = first.runtime.settings
    slow = settings.engine.model_copy(update=engine)
    async with house(tmp_path, runtime={"engine": slow}) as home:
        await home.runtime.registrar.register("shop", NewBot(name="helper", raw=python("three")))
        await home.runtime.registrar.enable("shop", "helper", force=True)
        await until(lambda: "helper" in home.runtime.apps["shop"].bots)


async def test_a_version_that_cannot_be_made_leaves_the_one_before(home: House) -> None:
    registrar = home.runtime.registrar
    await registered(home, "helper", "three")
    await registrar.register("shop", NewBot(name="helper", raw=python("there_is_no_such_bot")))
    await registrar.enable("shop", "helper", force=True)
    await home.runtime.roster.look()
    assert await said(home, "hello") == "bot: third"
    assert "there_is_no_such_bot" in home.runtime.roster.trouble["shop", "helper", 2]


async def test_a_place_in_the_configuration_is_filled(tmp_path: Path) -> None:
    places = {"helper": {"kind": "registered", "fallback": "echo"}}
    async with house(tmp_path, bot="helper", bots=places) as home:
        assert await said(home, "hello", "before") == "bot: echo: hello"
        assert "no version of bot 'helper' is enabled" in (await home.traces("before"))[0].bots[0].detail
        await registered(home, "helper", "three", serves=None)
        assert await said(home, "hello") == "bot: third"


async def test_a_configured_bot_is_not_replaced(home: House) -> None:
    with pytest.raises(Conflict, match="stands in parley.toml"):
        await home.runtime.registrar.register("shop", NewBot(name="echo", raw=python("three")))


async def test_a_bot_passes_to_a_registered_one_with_its_context(tmp_path: Path) -> None:
    code = {"kind": "python", "bot": "tests.support.bots:hands_over"}
    async with house(tmp_path, bot="front", bots={"front": code}) as home:
        await registered(home, "helper", "counter", serves=None)
        assert await said(home, "hello") == "bot: number 8"
        assert (await home.conversation()).bot == "helper"
        assert await said(home, "more") == "bot: number 9", "and it goes on there"


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def test_secrets_are_neither_kept_nor_shown_in_the_clear(home: House, tmp_path: Path) -> None:
    registrar = home.runtime.registrar
    headers = {"Authorization": "Bearer hunter2"}
    raw = {"kind": "webhook", "url": "https://bot.example/?key=hunter3", "secret": SECRET, "headers": headers}
    _, version = await registrar.register("shop", NewBot(name="outer", raw=raw))
    everything = repr(version) + repr(await home.runtime.store.bots.versions("shop", "outer"))
    everything += kept_files(tmp_path)
    assert not any(secret in everything for secret in ("hunter2", "hunter3", SECRET.removeprefix("whsec_")))
    assert version.shown["headers"] == {"Authorization": "**********"}
    assert version.shown["url"] == "https://bot.example/?…"
    assert registrar.settings_of(version) == raw


def kept_files(folder: Path) -> str:
    return "".join(file.read_bytes().decode("latin-1") for file in folder.glob("parley.db*"))


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ({"kind": "webhook", "url": "ftp://x", "secret": SECRET}, "https://"),
        ({"kind": "telepathy"}, "telepathy"),
        ({"kind": "registered"}, "only stands in parley.toml"),
        ({"kind": "webhook", "url": "https://x.example", "secret": SECRET, "deadline": -1}, "deadline"),
        ({}, "kind"),
        ({**python("three"), "fallback": "ecco"}, "did you mean 'echo'?"),
        ({**python("three"), "fallback": "outer"}, "stand in for itself"),
    ],
)
async def test_what_could_not_run_is_refused(home: House, raw: dict[str, object], complaint: str) -> None:
    with pytest.raises((Malformed, Misconfigured), match=complaint):
        await home.runtime.registrar.register("shop", NewBot(name="outer", raw=raw))
    assert await home.runtime.store.bots.entries("shop") == []


@pytest.mark.parametrize(
    "serves",
    [
        Serves(channels=("fax",)),
        Serves(languages=("xx",)),
        Serves(segment="customer.tier ="),
        Serves(segment="nobody > 1"),
    ],
)
async def test_serving_what_is_not_there_is_refused(home: House, serves: Serves) -> None:
    await registered(home, "helper", "three", serves=None)
    with pytest.raises(Malformed, match="serves"):
        await home.runtime.registrar.serve("shop", "helper", serves)
