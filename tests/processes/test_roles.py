"""Web processes and workers over one PostgreSQL and one Redis: whatever one knows, all know, and nothing is done twice.

The sweep comes once an hour here: what happens, happens because somebody was told.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from orchestrator.http.desk.login import MISSES
from tests.support import bots
from tests.support.cluster import Cluster, Process, cluster
from tests.support.desk import PASSWORD
from tests.support.house import House
from tests.support.platform import Platform, platform
from tests.support.webchat import Visitor

RARELY = {"sweep_seconds": 3600.0}
THREE = {"three": {"kind": "python", "bot": "tests.support.bots:three"}}


@pytest.fixture(autouse=True)
def fresh_bots() -> Iterator[None]:
    bots.reset()
    yield
    bots.reset()


@asynccontextmanager
async def two_webs(folder: Path, **app: Any) -> AsyncIterator[tuple[Cluster, Process, Process, Process]]:
    """Two web processes and a worker."""
    async with cluster(folder, engine=RARELY, **app) as many:
        yield many, await many.web(), await many.web(), await many.worker()


@asynccontextmanager
async def delivering(folder: Path, side: Platform, **app: Any) -> AsyncIterator[Cluster]:
    hook = {"kind": "webhook", "signature": "none", "url": side.url, "allow_private": True, "rate": 10_000}
    hook |= app.pop("hook", {})
    async with cluster(folder, engine=app.pop("engine", RARELY), channels={"hook": hook}, **app) as many:
        yield many


def at(process: Process) -> House:
    process.house.channel = "hook"
    return process.house


async def test_desk_and_widget_on_any_web_process_see_everything(tmp_path: Path) -> None:
    async with two_webs(tmp_path, bot="person") as (many, here, there, _):
        ada = await many.hire("Ada", here)
        signed_in = await many.browser(here)
        assert (await signed_in.sign_in(ada.email)).status == 200
        browser = await many.browser(there, like=signed_in)
        visitor = Visitor(many.front(here))
        await visitor.arrive()
        async with browser.tab() as tab, visitor.connect() as chat:
            await chat.send(type="send", client_id="1", text="a person please")
            await chat.says("Let me get somebody.")
            row = (await tab.until("conversation"))["row"]
            await tab.until("counters", queue=1)
            await tab.watch(row["id"])
            assert (await browser.post(f"/conversations/{row['id']}/accept")).status == 200
            await chat.until("state", controller="agent")
            said = [{"kind": "text", "text": "Ada here"}]
            assert (await browser.post(f"/conversations/{row['id']}/say", parts=said)).status == 200
            await chat.says("Ada here")
            await chat.send(type="typing", on=True)
            await tab.until("typing", role="customer", on=True)


async def test_a_visitor_goes_on_at_another_web_process(tmp_path: Path) -> None:
    async with two_webs(tmp_path) as (many, here, there, _):
        visitor = Visitor(many.front(here))
        await visitor.arrive()
        async with visitor.connect() as chat:
            await chat.send(type="send", client_id="1", text="hello")
            await chat.says("echo: hello")
        visitor.front = many.front(there)
        assert (await visitor.arrive())["known"]
        async with visitor.connect() as chat:
            told = [part["text"] for message in (await chat.until("ready"))["messages"] for part in message["parts"]]
            assert told == ["hello", "echo: hello"]


async def test_signing_out_closes_the_tabs_of_every_web_process(tmp_path: Path) -> None:
    async with two_webs(tmp_path) as (many, here, there, worker):
        ada = await many.hire("Ada", here)
        first, other = await many.browser(here), await many.browser(there)
        for browser in (first, other):
            assert (await browser.sign_in(ada.email)).status == 200
        async with (await many.browser(there, like=first)).tab() as same, other.tab() as another:
            assert (await first.post("/logout")).status == 200
            assert await same.closed() == 4401
            await another.watch()
            assert list(await worker.runtime.bus.presences("shop")) == [ada.id]


async def test_wrong_passwords_count_wherever_they_are_tried(tmp_path: Path) -> None:
    async with two_webs(tmp_path) as (many, here, there, _):
        ada = await many.hire("Ada", here)
        browsers = [await many.browser(here), await many.browser(there)]
        for number in range(5):
            assert (await browsers[number % 2].sign_in(ada.email, "not the password")).status == 401
        for browser in browsers:
            assert (await browser.sign_in(ada.email, PASSWORD)).status == 401


async def test_guesses_at_the_same_moment_everywhere_lock_an_account_at_exactly_the_limit(tmp_path: Path) -> None:
    async with two_webs(tmp_path) as (many, here, there, _):
        ada = await many.hire("Ada", here)
        browsers = [await many.browser(process) for process in (here, there) * 8]
        await asyncio.gather(*(each.sign_in(ada.email, f"guess {n}") for n, each in enumerate(browsers)))
        assert (await here.runtime.store.agent("shop", ada.id)).failures == MISSES
        assert (await browsers[0].sign_in(ada.email, PASSWORD)).status == 401


async def test_a_bot_may_call_back_any_web_process(tmp_path: Path) -> None:
    async with two_webs(tmp_path, bot="later") as (many, here, there, _):
        await here.house.hear("what about my order?")
        await here.house.settled()
        path = urlsplit(bots.seen[-1].callback_url).path
        assert (await many.front(there).post(path, {"text": "it is on its way"})).status == 200
        await here.house.until("it is on its way")


async def test_a_reply_that_a_worker_computes_is_fenced_by_an_agent_at_a_web_process(tmp_path: Path) -> None:
    async with two_webs(tmp_path, bot="slow") as (many, here, _, worker):
        heard = await here.house.hear("think gate-1")
        await asyncio.wait_for(bots.entered["gate-1"].wait(), 10)
        agent = here.house.agent()
        accepted = await here.runtime.engine.desk.accept("shop", heard.conversation.id, agent)
        bots.gates["gate-1"].set()
        await here.house.settled()
        lines = await worker.house.lines()
        assert not any(line.startswith("bot:") for line in lines), lines
        (trace,) = [trace for trace in await here.house.traces() if trace.turn_id.endswith(".1-1")]
        assert trace.outcome == "discarded"
        assert accepted.epoch == (await here.house.conversation()).epoch


async def test_what_is_being_sent_when_an_agent_accepts_comes_before_the_notice(tmp_path: Path) -> None:
    """And what waited behind it never comes."""
    async with platform() as side, delivering(tmp_path, side, bot="three", bots=THREE) as many:
        side.hold = asyncio.Event()
        here, *workers = await many.web(), await many.worker(), await many.worker()
        deliverers = [each.runtime.engine.deliverer for each in workers]
        heard = await at(here).hear("hello")
        await side.until(tries=1)
        await here.runtime.engine.desk.accept("shop", heard.conversation.id, here.house.agent())
        for each in sorted(deliverers, key=lambda one: heard.conversation.id in one.sending):
            await each.look()
        assert sum(heard.conversation.id in each.sending for each in deliverers) == 1
        side.hold.set()
        await side.until(taken=2)
        first, notice = side.taken
        assert first["parts"][0]["text"] == "first"
        said = await here.runtime.store.messages(heard.conversation.id)
        assert notice["message_id"] == said[-1].id
        assert [one.withdrawn for one in said] == [False, False, True, True, False]


async def test_what_an_agent_says_is_sent_by_a_worker_at_once(tmp_path: Path) -> None:
    async with platform() as side, delivering(tmp_path, side) as many:
        here = await many.web()
        await many.worker()
        heard = await at(here).hear("hello")
        await side.until(taken=1)
        desk, agent = here.runtime.engine.desk, here.house.agent()
        await desk.accept("shop", heard.conversation.id, agent)
        await desk.say("shop", heard.conversation.id, agent, heard.message.parts if heard.message else ())
        await side.until(taken=3)
        assert side.texts[0] == "echo: hello"
        assert side.texts[-1] == "hello"


async def test_what_waits_in_a_worker_is_withdrawn_by_an_agent_at_a_web_process(tmp_path: Path) -> None:
    async with platform() as side, delivering(tmp_path, side, bot="three", bots=THREE) as many:
        here = await many.web()
        await many.worker()
        side.hold = asyncio.Event()
        heard = await at(here).hear("hello")
        await side.until(tries=1)
        await here.runtime.engine.desk.accept("shop", heard.conversation.id, here.house.agent())
        side.hold.set()
        await side.until(taken=2)
        assert side.texts[0] == "first"
        assert "second" not in side.texts
        withdrawn = [message.withdrawn for message in await here.house.log(public=False) if message.role == "bot"]
        assert withdrawn == [False, True, True]


async def test_workers_share_the_work_and_send_nothing_twice(tmp_path: Path) -> None:
    often = {"sweep_seconds": 0.02}
    async with platform() as side, delivering(tmp_path, side, bot="three", bots=THREE, engine=often) as many:
        here = await many.web()
        for _ in range(2):
            await many.worker()
        house = at(here)
        await asyncio.gather(*(house.hear("hello", address=f"visitor {number}") for number in range(40)))
        await asyncio.gather(*(house.hear("again", address=f"visitor {number}") for number in range(40)))
        for number in range(40):
            await house.settled(f"visitor {number}")
        counts = [
            len([line for line in await house.lines(f"visitor {n}") if line.startswith("bot:")]) for n in range(40)
        ]
        await side.until(taken=sum(counts))
        by_conversation: dict[str, list[str]] = {}
        for body in side.taken:
            by_conversation.setdefault(body["conversation"], []).extend(part["text"] for part in body["parts"])
        assert sum(map(len, by_conversation.values())) == sum(counts)
        assert {tuple(texts) for texts in by_conversation.values()} <= {
            ("first", "second", "third"),
            ("first", "second", "third") * 2,
        }


async def test_a_worker_that_stops_hands_back_what_it_claimed(tmp_path: Path) -> None:
    async with platform() as side, delivering(tmp_path, side, bot="slow") as many:
        here = await many.web()
        workers = [await many.worker(), await many.worker()]
        await at(here).hear("think gate-1")
        await asyncio.wait_for(bots.entered["gate-1"].wait(), 10)
        (stopping,) = [one.runtime.engine for one in workers if one.runtime.engine.worker.tasks]
        bots.entered.clear()
        await stopping.stop(0.05)
        await asyncio.wait_for(bots.entered["gate-1"].wait(), 10)
        bots.gates["gate-1"].set()
        await side.until(taken=1)
        assert side.texts == ["slow: think gate-1"]


async def test_a_worker_that_stops_hands_back_what_it_was_sending(tmp_path: Path) -> None:
    async with platform() as side, delivering(tmp_path, side, engine={"sweep_seconds": 0.2}) as many:
        here, stopping = await many.web(), await many.worker()
        side.hold = asyncio.Event()
        await at(here).hear("hello")
        await side.until(tries=1)
        await stopping.runtime.engine.stop(0.05)
        await many.worker()
        await side.until(tries=2)
        side.hold.set()
        await side.until(taken=1)


async def test_a_channel_is_sent_no_faster_than_its_rate_by_all_workers_together(tmp_path: Path) -> None:
    hook = {"send_rate": 20}
    async with platform() as side, delivering(tmp_path, side, hook=hook, engine={"sweep_seconds": 0.2}) as many:
        here = await many.web()
        for _ in range(2):
            await many.worker()
        began = here.runtime.clock.monotonic()
        house = at(here)
        await asyncio.gather(*(house.hear("hello", address=f"visitor {number}") for number in range(50)))
        await side.until(taken=50)
        # Twenty at once, then one each 50 ms.
        assert here.runtime.clock.monotonic() - began >= 1.4
        assert len(side.taken) == 50
