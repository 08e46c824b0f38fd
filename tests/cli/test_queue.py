"""`parley queue` on a database with work in it, and `parley desk unlock`: one as a process, the others in this one."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.sqlite import SqliteStore
from orchestrator.types import Agent, Outgoing
from tests.support.builders import agent, commit, conversation, message, outgoing, received
from tests.support.command import run
from tests.support.process import parley, write_config

CLOCK = SystemClock()
T = TypeVar("T")


def do(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def config(folder: Path) -> Path:
    shop = {
        "bot": "echo",
        "bots": {"echo": {"kind": "python", "bot": "tests.support.bots:echo"}},
        "nlp": {"enabled": False, "translators": "none"},
        "channels": {"web": {"kind": "webchat"}, "sms": {"kind": "webchat"}},
    }
    return write_config(folder, 0, shop)


@asynccontextmanager
async def database(folder: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(folder / "parley.db", CLOCK)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def hear(store: SqliteStore, address: str, channel_id: str, ago: float = 0.0) -> Outgoing:
    """A customer says something; returns what is to be sent when it is answered."""
    now = CLOCK.now()
    fresh = conversation(id=CLOCK.new_id(), address=address, channel_id=channel_id, created_at=now, updated_at=now)
    event = received("hello", address=address, external_id=CLOCK.new_id(), at=now - timedelta(seconds=ago))
    head = (await store.accept(fresh, event, CLOCK.new_id())).conversation
    said = replace(message(head, "How can I help?"), id=CLOCK.new_id(), at=now)
    row = replace(outgoing(said, head), id=CLOCK.new_id(), due_at=now)
    await store.commit(commit(replace(head, processed_seq=head.last_seq), said, outbox=(row,)))
    return row


async def dead_letters(folder: Path, count: int, channel_id: str = "sms") -> list[str]:
    """Their ids, oldest first."""
    rows = []
    async with database(folder) as store:
        for number in range(count):
            row = await hear(store, f"+49 {number}", channel_id)
            await store.settle(
                replace(row, state="failed", attempts=9, error="the platform refused it: no such number")
            )
            rows.append(row.id)
    return rows


async def busy(folder: Path) -> None:
    """A conversation that waits for a turn, a message to be sent, two dead letters."""
    async with database(folder) as store:
        now = CLOCK.now()
        fresh = conversation(id=CLOCK.new_id(), address="waiting", created_at=now, updated_at=now)
        await store.accept(fresh, received(address="waiting", at=now - timedelta(hours=3)), CLOCK.new_id())
        await hear(store, "sent soon", "sms")
    await dead_letters(folder, 2)


async def due(folder: Path) -> list[str]:
    async with database(folder) as store:
        return [row.id for row in await store.due(CLOCK.now(), 10)]


async def dead(folder: Path) -> list[str]:
    async with database(folder) as store:
        return [row.id for row in await store.dead("shop")]


@pytest.mark.processes
async def test_as_a_process(tmp_path: Path) -> None:
    await busy(tmp_path)
    ran = await parley("queue", "-c", config(tmp_path))
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"^shop +web +1 +3 h +0 +0$", ran.out, re.MULTILINE), ran.out
    assert re.search(r"^shop +sms +0 +1 +\d+ s +2$", ran.out, re.MULTILINE), ran.out


def test_what_waits_by_channel(tmp_path: Path) -> None:
    do(busy(tmp_path))
    told = json.loads(run("queue", "-c", config(tmp_path), "--json").out)
    assert [(one["channel"], one["turns"], one["sends"], one["dead"]) for one in told] == [
        ("sms", 0, 1, 2),
        ("web", 1, 0, 0),
    ]
    assert told[0]["oldest_turn_seconds"] is None
    assert told[1]["oldest_turn_seconds"] >= 3 * 3600


def test_an_idle_server_lists_its_channels(tmp_path: Path) -> None:
    path = config(tmp_path)
    ran = run("queue", "-c", path, "--app", "shop")
    assert re.search(r"^shop +sms +0 +0 +0$", ran.out, re.MULTILINE), ran
    assert "there is no app 'nope'" in run("queue", "-c", path, "--app", "nope").err


def test_dead_letters_are_listed_and_shown(tmp_path: Path) -> None:
    path = config(tmp_path)
    first, second = do(dead_letters(tmp_path, 2))
    listed = run("queue", "dead", "list", "-c", path).out.splitlines()
    assert [line.split()[0] for line in listed[1:]] == [second, first]
    assert listed[1].endswith("the platform refused it: no such number")
    assert len(json.loads(run("queue", "dead", "list", "-c", path, "--limit", "1", "--json").out)) == 1
    shown = run("queue", "dead", "show", first, "-c", path).out
    assert "+49 0" in shown
    assert "How can I help?" in shown
    assert json.loads(run("queue", "dead", "show", first, "-c", path, "--json").out)["texts"] == ["How can I help?"]
    missing = run("queue", "dead", "show", "nothing", "-c", path)
    assert (missing.code, missing.out) == (1, "")
    assert "no dead letter 'nothing'" in missing.err


def test_dead_letters_are_retried_and_dropped(tmp_path: Path) -> None:
    path = config(tmp_path)
    first, second, third = do(dead_letters(tmp_path, 3))
    assert run("queue", "dead", "retry", first, "-c", path).out.startswith("1 of them")
    assert run("queue", "dead", "drop", second, "-c", path).out.startswith("1 of them")
    assert do(due(tmp_path)) == [first]
    assert do(dead(tmp_path)) == [third]
    assert run("queue", "dead", "retry", "--all", "-c", path).out.startswith("1 of them")
    assert "no dead letters" in run("queue", "dead", "list", "-c", path).err


def test_all_of_one_channel(tmp_path: Path) -> None:
    path = config(tmp_path)
    do(dead_letters(tmp_path, 2, "sms"))
    (kept,) = do(dead_letters(tmp_path, 1, "web"))
    assert run("queue", "dead", "drop", "--all", "--channel", "sms", "-c", path).out.startswith("2 of them")
    assert do(dead(tmp_path)) == [kept]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "take --all"),
        (("one", "--all"), "take --all"),
        (("one", "--channel", "sms"), "take --all"),
        (("--all", "--channel", "smms"), "--channel: there is no channel 'smms'"),
        (("nothing",), "no dead letter 'nothing'"),
    ],
)
def test_what_can_not_be_retried(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = run("queue", "dead", "retry", *arguments, "-c", config(tmp_path))
    assert ran.code == 1
    assert said in ran.err


def test_letters_of_a_channel_that_is_not_in_the_configuration(tmp_path: Path) -> None:
    """It was added over the API, or taken out since."""
    path = config(tmp_path)
    do(dead_letters(tmp_path, 2, "stored"))
    (kept,) = do(dead_letters(tmp_path, 1, "sms"))
    assert re.search(r"^shop +stored .* 2$", run("queue", "-c", path).out, re.MULTILINE)
    assert run("queue", "dead", "drop", "--all", "--channel", "stored", "-c", path).out.startswith("2 of them")
    assert do(dead(tmp_path)) == [kept]
    assert (
        "channel 'stored' of app 'shop' has no dead"
        in run("queue", "dead", "list", "--channel", "stored", "-c", path).err
    )


@pytest.mark.parametrize("option", [("-c", "other.toml"), ("--json",), ("--app", "shop")])
def test_options_before_the_sub_command_are_not_passed_over(tmp_path: Path, option: tuple[str, ...]) -> None:
    path = config(tmp_path)
    letters = do(dead_letters(tmp_path, 2))
    ran = run("queue", *option, "dead", "drop", "--all", "-c", path)
    assert (ran.code, ran.out) == (1, "")
    assert "stand at its end" in ran.err
    assert do(dead(tmp_path)) == letters[::-1]


async def added(folder: Path, locked: Agent) -> None:
    async with database(folder) as store:
        await store.add_agent(locked)


async def found(folder: Path, email: str) -> Agent | None:
    async with database(folder) as store:
        return await store.agent_by_email("shop", email)


def test_a_locked_agent_is_unlocked_and_nothing_else(tmp_path: Path) -> None:
    path = config(tmp_path)
    locked = agent(email="ada@shop.example", failures=7, locked_until=CLOCK.now() + timedelta(hours=1), disabled=True)
    do(added(tmp_path, locked))
    assert run("desk", "unlock", "Ada@shop.example", "-c", path).out == "Ada@shop.example is unlocked.\n"
    assert do(found(tmp_path, locked.email)) == replace(locked, failures=0, locked_until=None)
    assert "was not locked" in run("desk", "unlock", "ada@shop.example", "-c", path).out
    nobody = run("desk", "unlock", "nobody@shop.example", "-c", path)
    assert (nobody.code, "no agent" in nobody.err) == (1, True)
