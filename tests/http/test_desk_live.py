"""The live line of a desk: what it brings, to whom, and when it ends."""

import asyncio
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from orchestrator.adapters.clock import SystemClock
from orchestrator.http.desk import live, tabs
from orchestrator.types import TypingChanged
from tests.support.clock import ManualClock
from tests.support.desk import DeskHouse, desk_house
from tests.support.loop import next_tick


async def online(desk: DeskHouse) -> set[str]:
    return set(await desk.parley.runtime.bus.presences("shop"))


async def test_another_sites_page_gets_no_line(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        browser = await desk.at_work("Ada")
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
            browser.origin = origin
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with browser.tab():
                    pass
            assert refused.value.status == 403
        browser.origin = "http://chat.example"
        async with browser.tab():
            pass


async def test_without_a_session_the_line_says_so_and_ends(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        browser = desk.browser()
        headers = {"Origin": desk.url}
        async with browser.http.ws_connect(f"{desk.url}/desk/api/ws", headers=headers) as socket:
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
            assert socket.close_code == live.SIGNED_OUT


async def test_a_new_case_appears_by_itself_with_its_reason(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        browser = await desk.at_work("Ada")
        async with browser.tab() as tab:
            assert (await tab.until("counters"))["queue"] == 0
            conversation = await desk.waiting(text="<script>alert(1)</script>")
            frame = await tab.until("conversation", conversation_id=conversation)
            assert frame["row"]["case"]["reason"]
            assert frame["row"]["aggregates"]["last_text"] == "<script>alert(1)</script>"
            assert "conversation" not in frame
            counted = await tab.until("counters")
            assert (counted["queue"], counted["order"]) == (1, [conversation])


async def test_a_row_comes_when_it_changed_and_the_order_by_the_counters(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        ada, bo = await desk.at_work("Ada"), await desk.at_work("Bo")
        async with ada.tab() as tab:
            waiting = [await desk.waiting(f"v{n}") for n in range(3)]
            # Whoever waits behind moves up: their customers hear of it, the desk by the counters.
            await bo.post(f"/conversations/{waiting[0]}/accept")
            await tab.until("counters", queue=2, order=waiting[1:])
            rows = [frame["row"] for frame in tab.frames if frame["type"] == "conversation"]
            assert all(rows.count(row) == 1 for row in rows)
            assert {row["id"] for row in rows} == set(waiting)


async def test_a_watched_conversation_comes_word_by_word(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        engine = desk.parley.runtime.engine
        browser = await desk.at_work("Ada")
        async with browser.tab(conversation) as tab:
            await browser.post(f"/conversations/{conversation}/accept")
            frame = await tab.until("conversation", conversation_id=conversation)
            assert frame["conversation"]["controller"]["name"] == browser.agent_id
            assert "transcript" not in frame["handoff"]["packet"]
            await engine.typing("shop", conversation, "customer", "visitor", True)
            assert (await tab.until("typing"))["role"] == "customer"
            await desk.parley.hear("¿hola?")
            assert (await tab.until("message"))["message"]["parts"][0]["text"]
            await engine.read_by_customer("shop", conversation, read=4)
            assert (await tab.until("marks"))["marks"]["customer_read"] == 4


async def test_only_who_holds_a_case_is_seen_typing(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        ada, bo = await desk.at_work("Ada"), await desk.at_work("Bo")
        await ada.post(f"/conversations/{conversation}/accept")
        bus = desk.parley.runtime.bus
        async with ada.tab(conversation) as mine, bo.tab(conversation) as theirs, bus.subscribe("shop") as news:
            frame = {"type": "typing", "conversation_id": conversation, "on": True}
            await theirs.socket.send_json(frame)
            await theirs.socket.send_json({"type": "ping"})
            await theirs.until("pong")
            await mine.socket.send_json(frame)
            assert (await theirs.until("typing"))["author"] == ada.agent_id
            async for event in news:
                if isinstance(event, TypingChanged):
                    assert event.author == ada.agent_id
                    break
            await mine.socket.send_json({"type": "ping"})
            await mine.until("pong")
            assert not [one for one in mine.frames if one["type"] == "typing"]


async def test_what_goes_to_another_team_is_gone_and_tells_no_more(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        oda, sue = await desk.at_work("Oda", teams=["orders"]), await desk.at_work("Sue", teams=["support"])
        await oda.post(f"/conversations/{conversation}/accept")
        async with oda.tab(conversation) as tab, sue.tab() as other:
            await other.socket.send_json({"type": "watch", "conversations": [conversation]})
            assert (await other.until("problem"))["code"] == "forbidden"
            await oda.post(f"/conversations/{conversation}/transfer", team="support")
            await tab.until("gone", conversation_id=conversation)
            seen = len(tab.frames)
            await other.until("conversation", conversation_id=conversation)
            await other.watch(conversation)
            await desk.parley.hear("secret words")
            await other.until("message")
            await tab.socket.send_json({"type": "ping"})
            await tab.until("pong")
            assert {frame["type"] for frame in tab.frames[seen:]} <= {"gone", "counters", "pong"}
            assert "secret words" not in str(tab.frames)


async def test_nothing_of_one_app_reaches_another(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        stranger = await desk.hire("Eve", "admin", app="other")
        eve = desk.browser()
        await eve.sign_in(stranger.email)
        async with eve.tab() as tab:
            await tab.socket.send_json({"type": "watch", "conversations": [conversation]})
            assert (await tab.until("problem"))["code"] == "not_found"
            await desk.parley.hear("more")
            await desk.parley.settled()
            await tab.socket.send_json({"type": "ping"})
            await tab.until("pong")
            assert all(frame["type"] in ("hello", "problem", "counters", "pong") for frame in tab.frames)


async def test_who_was_too_slow_is_told_to_read_again(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        browser = await desk.at_work("Ada")
        engine = desk.parley.runtime.engine
        async with browser.tab(conversation) as tab:
            # Published without a pause, so that the tab has no turn to read: more than its backlog holds.
            for n in range(400):
                await engine.typing("shop", conversation, "customer", "visitor", n % 2 == 0)
            await tab.until("resync")


async def test_signing_out_closes_every_tab_of_the_session_at_once(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        browser = await desk.at_work("Ada")
        async with browser.tab() as first, browser.tab() as second:
            await browser.post("/logout")
            assert await first.closed() == live.SIGNED_OUT
            assert await second.closed() == live.SIGNED_OUT
        assert browser.agent_id not in await online(desk)


@pytest.fixture
def quick_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LIFE_SECONDS", 0.05)


@pytest.mark.usefixtures("quick_life")
async def test_a_session_that_runs_out_closes_its_tabs(tmp_path: Path) -> None:
    clock = ManualClock(SystemClock().now())
    async with desk_house(tmp_path, clock=clock) as desk:
        browser = await desk.at_work("Ada")
        async with browser.tab() as tab:
            clock.advance(13 * 3600)
            assert await tab.closed() == live.SIGNED_OUT


@pytest.mark.usefixtures("quick_life")
async def test_without_its_database_the_line_ends_and_may_be_tried_again(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        browser = await desk.at_work("Ada")
        async with browser.tab() as tab:
            await desk.parley.runtime.store.close()
            assert await tab.closed() == live.AWAY
        async with browser.http.ws_connect(f"{desk.url}/desk/api/ws", headers={"Origin": desk.url}) as socket:
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
            assert socket.close_code == live.AWAY


@pytest.mark.usefixtures("quick_life")
async def test_an_account_switched_off_loses_its_tabs_and_a_new_team_its_sight(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        browser = await desk.at_work("Ada")
        store = desk.parley.runtime.store
        agent = await store.agent("shop", browser.agent_id)
        async with browser.tab() as tab:
            await store.save_agent(replace(agent, teams=("support",)))
            async with asyncio.timeout(15):
                while (await desk.parley.runtime.bus.presences("shop")).get(agent.id) != ("support",):
                    await next_tick()
            await desk.waiting()
            await tab.until("gone")
            await store.save_agent(replace(agent, disabled=True))
            assert await tab.closed() == live.SIGNED_OUT


async def test_presence_lasts_as_long_as_a_tab_and_a_reload_is_no_absence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk_house(tmp_path) as desk:
        browser = await desk.at_work("Ada", teams=["orders"])
        assert await online(desk) == set()
        async with browser.tab(), browser.tab() as second:
            await second.until("counters")
            assert await desk.parley.runtime.bus.presences("shop") == {browser.agent_id: ("orders",)}
        assert await online(desk) == {browser.agent_id}
        await browser.post("/logout")
        assert await online(desk) == set()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("rubbish", live.UNREADABLE),
        ('{"type": "say", "text": "hello"}', live.UNREADABLE),
        ('{"type": "watch", "conversations": "all"}', live.UNREADABLE),
        ('{"type": "watch", "conversations": [' + ",".join(['"x"'] * 21) + "]}", live.UNREADABLE),
        ('{"type": "ping", "more": 1}', live.UNREADABLE),
        ('{"type": "ping"}' + " " * live.LARGEST_FRAME, live.UNREADABLE),
    ],
)
async def test_frames_that_can_not_be_read_end_the_line(tmp_path: Path, frame: str, code: int) -> None:
    async with desk_house(tmp_path) as desk:
        browser = await desk.at_work("Ada")
        async with browser.tab() as tab:
            await tab.socket.send_str(frame)
            assert await tab.closed() == code


async def test_a_flood_of_frames_ends_the_line(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        browser = await desk.at_work("Ada")
        async with browser.tab() as tab:
            for _ in range(live.FRAMES + 1):
                await tab.socket.send_json({"type": "ping"})
            assert await tab.closed() == live.TOO_MANY


def test_a_sign_of_life_comes_well_before_absence() -> None:
    assert tabs.LIFE_SECONDS * 2 < tabs.ONLINE_SECONDS
    assert tabs.RELOAD_SECONDS < tabs.ONLINE_SECONDS
