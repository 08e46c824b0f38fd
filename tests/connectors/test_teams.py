"""Teams, the whole path: signed activities over HTTP, the engine, the bot, and what the service was posted."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.teams import render
from connectors.teams.stand_in import APP, TeamsStandIn
from orchestrator.errors import NotFound, SendFailed, Unauthenticated, Unavailable
from orchestrator.ports import PHOTO, Managed, MediaSource
from orchestrator.types import Media, RawRequest, RawResponse, Rendering, Tap, Text
from tests.connectors.conftest import Made
from tests.support.clock import ManualClock
from tests.support.errand import errand, filled, told
from tests.support.playhouse import Stage, outgoing

KIND = "teams"
KEYS = "/v1/.well-known/keys"


@pytest.fixture
def teams(made: Made) -> Any:
    return made()


def platform(stage: Stage) -> TeamsStandIn:
    assert isinstance(stage.stand_in, TeamsStandIn)
    return stage.stand_in


def looked(stage: Stage) -> int:
    return [call.path for call in stage.calls].count(KEYS)


async def test_the_errand(tmp_path: Path) -> None:
    async with errand(tmp_path, "teams") as play:
        lines = await told(play, "ann", lambda: f"a:ann|{play.stand_in.service}")
        assert lines[:3] == ["customer: what size have you got?", "bot: Which size?", "customer: Large"]
        assert "agent: Here is Ada." in lines


async def test_a_list_cards_and_buttons_are_tapped(tmp_path: Path) -> None:
    async with errand(tmp_path, "teams") as play:
        for line, shown, payload in (
            ("list", "Kiel", "city:kiel"),
            ("cards", "Buy cup", "buy:cup"),
            ("buttons", "Sure?", "no"),
        ):
            await play.say("ann", line)
            await play.answered("ann", shown)
            await play.say("ann", Tap(payload=payload))
            await play.answered("ann", f"chose {payload}")


async def test_a_form_is_a_card(tmp_path: Path) -> None:
    async with errand(tmp_path, "teams") as play:
        assert await filled(play, "ann") == "noted: day=2026-12-24, size=l, street=Main St 1"


async def test_the_same_activity_thrice_makes_one_turn(tmp_path: Path) -> None:
    async with errand(tmp_path, "teams") as play:
        once = play.stand_in.signed(play.stand_in.activity("ann", text="once"))
        assert await play.post([once] * 3) == [200, 200, 200]
        await play.answered("ann", "heard: once")
        address = f"a:ann|{play.stand_in.service}"
        await play.house.settled(address)
        assert (await play.house.lines(address)).count("customer: once") == 1


async def test_forged_and_huge_requests_are_refused_over_http(tmp_path: Path) -> None:
    async with errand(tmp_path, "teams") as play:
        cloud = play.stand_in
        evil = cloud.activity("ann", text="hi", serviceUrl="https://evil.example/")
        assert await play.deliver(cloud.signed(evil, serviceurl=cloud.service)) == 401
        assert await play.deliver(cloud.signed(evil)) == 401
        good = cloud.signed(cloud.activity("ann", text="hi"))
        assert await play.deliver(RawRequest(method="POST", path="/", headers={}, body=good.body)) == 401
        assert await play.deliver(cloud.signed(cloud.activity("ann", text="y" * 600_000))) == 413
        assert await play.house.runtime.store.find_conversation("it", "a:ann|https://evil.example/") is None


async def test_in_a_group_it_answers_when_called_and_what_follows(teams: Any, stage: Stage) -> None:
    cloud = platform(stage)
    group = {"id": "19:c@thread.tacv2;messageid=1", "conversationType": "channel", "isGroup": True}
    mention = {"type": "mention", "text": "<at>Parley</at>", "mentioned": {"id": f"28:{APP}"}}

    async def heard(text: str, **more: Any) -> int:
        request = cloud.signed(cloud.activity("ann", text=text, conversation=group, **more))
        await teams.verify(request)
        return len(teams.parse(request))

    assert await heard("lunch?") == 0
    assert await heard("<at>Parley</at> hello", entities=[mention]) == 1
    assert await heard("and?") == 1


async def test_keys_are_fetched_once_a_day(teams: Any, stage: Stage, clock: ManualClock) -> None:
    cloud = platform(stage)
    for hours, times in ((0, 1), (1, 1), (22, 1), (2, 2)):
        clock.advance(timedelta(hours=hours).total_seconds())
        await teams.verify(cloud.signed(cloud.activity("ann", text="hi")))
        assert looked(stage) == times


async def test_an_unknown_key_makes_us_look_again_at_most_hourly(teams: Any, stage: Stage, clock: ManualClock) -> None:
    cloud = platform(stage)
    await teams.verify(cloud.signed(cloud.activity("ann", text="hi")))
    cloud.kid = "next-key"
    for minutes, times in ((0, 1), (30, 1), (31, 2)):
        clock.advance(minutes * 60.0)
        request = cloud.signed(cloud.activity("ann", text="hi"))
        if times == 1:
            with pytest.raises(Unauthenticated, match="does not publish"):
                await teams.verify(request)
        else:
            await teams.verify(request)
        assert looked(stage) == times


async def test_without_microsofts_keys_it_is_delivered_again(teams: Any, stage: Stage, clock: ManualClock) -> None:
    stage.faults += ["broken"]
    request = platform(stage).signed(platform(stage).activity("ann", text="hi"))
    for _ in range(2):
        with pytest.raises(Unavailable):
            await teams.verify(request)
    assert len(stage.calls) == 1
    clock.advance(11)
    await teams.verify(request)


async def test_old_keys_stay_good_while_microsoft_is_down(teams: Any, stage: Stage, clock: ManualClock) -> None:
    cloud = platform(stage)
    await teams.verify(cloud.signed(cloud.activity("ann", text="hi")))
    clock.advance(25 * 3600.0)
    stage.faults += ["broken"]
    await teams.verify(cloud.signed(cloud.activity("ann", text="hi")))


async def test_one_token_serves_many_messages_and_is_renewed_in_time(
    teams: Any, stage: Stage, clock: ManualClock
) -> None:
    address = f"a:ann|{platform(stage).service}"
    for minutes, tokens in ((0, 1), (54, 1), (2, 2)):
        clock.advance(minutes * 60.0)
        await teams.send(Rendering(parts=(Text(text="hello"),)), outgoing(address))
        assert [call.path for call in stage.calls].count("/stand-in/oauth2/v2.0/token") == tokens


async def test_a_restart_finds_the_conversation_by_its_address_alone(made: Made, stage: Stage) -> None:
    cloud = platform(stage)
    (event,) = made().parse(cloud.signed(cloud.activity("ann", text="hi")))
    await made(api="https://smba.trafficmanager.net/teams/").send(
        Rendering(parts=(Text(text="hello again"),)), outgoing(event.address)
    )
    assert cloud.activities[-1]["text"] == "hello again"


async def test_a_file_is_offered_accepted_and_put_into_onedrive(tmp_path: Path) -> None:
    async with errand(tmp_path, "teams") as play:
        await play.say("ann", "hello")
        await play.answered("ann", "heard: hello")
        path = await play.house.runtime.files.put("shop", b"%PDF-1.7", name="bill.pdf", mime="application/pdf")
        bill = Media(url=f"https://parley.example{path}", name="bill.pdf", mime="application/pdf", alt="Your bill")
        teams: Any = play.house.runtime.apps["shop"].channels["it"].connector
        await teams.send(Rendering(parts=(bill,)), outgoing(f"a:ann|{play.stand_in.service}"))
        offer = play.stand_in.activities[-1]["attachments"][0]
        assert (offer["contentType"], offer["content"]["sizeInBytes"]) == (render.CONSENT, 8)
        assert await play.deliver(play.stand_in.accept("ann", offer)) == 200
        assert play.stand_in.uploads == {"bill.pdf": b"%PDF-1.7"}
        assert play.stand_in.activities[-1]["attachments"][0]["contentType"] == render.INFO


async def test_what_is_on_no_list_gets_no_token(teams: Any, stage: Stage) -> None:
    for evil in ("https://evil.example/", "https://botframework.com.evil.example/", "http://smba.trafficmanager.net/"):
        with pytest.raises(SendFailed, match="token is not sent there"):
            await teams.send(Rendering(parts=(Text(text="x"),)), outgoing(f"a:ann|{evil}"))
    assert stage.calls == []


async def test_files_are_fetched_with_the_token_from_the_service_only(teams: Any, stage: Stage) -> None:
    (sent,) = stage.stand_in.say("ann", Media(url="", name="a.png", mime="image/png"))
    (event,) = teams.parse(sent)
    picture = event.parts[0]
    assert isinstance(picture, Media)
    assert isinstance(teams, MediaSource)
    assert (await teams.fetch(picture.url.removeprefix("ref:"), 1000)).data == PHOTO
    assert stage.calls[-1].headers["authorization"].startswith("Bearer token-")
    with pytest.raises(SendFailed, match="private|not allowed|guard|loopback|refuse"):
        await teams.fetch("http://169.254.169.254/latest/meta-data", 1000)


async def test_a_link_that_has_died_is_not_found(teams: Any, stage: Stage) -> None:
    def gone(called: RawRequest) -> RawResponse:
        return RawResponse(status=410) if "attachments" in called.path else stage.stand_in.serve(called)

    stage.answer = gone  # type: ignore[method-assign]
    with pytest.raises(NotFound):
        await teams.fetch(f"{stage.url}/service/v3/attachments/1/views/original", 1000)


@pytest.mark.parametrize(
    ("whole", "texts"),
    [
        ({"text": "one two", "textFormat": "plain"}, ["one ", "two"]),
        ({"text": "onetwo", "textFormat": "plain"}, ["one", "two"]),
        ({"attachments": [1, 2, 3]}, [[1], [2, 3]]),
        ({"attachments": [1]}, None),
        ({"text": "<p>a</p>", "textFormat": "xml"}, None),
    ],
)
def test_halves_say_the_same(whole: Mapping[str, Any], texts: Any) -> None:
    found = render.halves(dict(whole))
    assert [half.get("attachments") or half["text"] for half in found or ()] == (texts or [])


async def test_setup_says_what_to_paste_and_check_what_is_wrong(made: Made, stage: Stage) -> None:
    teams = made()
    assert isinstance(teams, Managed)
    steps = await teams.setup("https://parley.example/hooks/it")
    assert any("https://parley.example/hooks/it" in step.text for step in steps)
    assert all(found.ok for found in await teams.check("https://parley.example/hooks/it"))
    found = await made(app_password="wrong").check("http://localhost/hooks/it")
    assert [each.ok for each in found] == [False, True, False]
    assert "wrong" not in orjson.dumps(found).decode()


async def test_a_picture_is_fetched_and_kept_before_the_bot_reads_of_it(tmp_path: Path) -> None:
    async with errand(tmp_path, "teams") as play:
        await play.say("ann", Media(url="", name="a.png", mime="image/png"))
        await play.answered("ann", "heard:")
        (first, *_) = await play.house.log(f"a:ann|{play.stand_in.service}")
        picture = first.parts[0]
        assert isinstance(picture, Media)
        assert (await play.house.runtime.files.get(picture.url))[0] == PHOTO


async def test_what_was_taken_without_an_answer_is_not_sent_again(tmp_path: Path) -> None:
    async with errand(tmp_path, "teams") as play:
        await play.say("ann", "hello")
        await play.answered("ann", "heard: hello")
        play.stage.silent = 1
        await play.say("ann", "again")
        await play.answered("ann", "heard: again")
        address = f"a:ann|{play.stand_in.service}"
        states = [row.state for row in await play.settled(address, 2)]
        assert states == ["sent", "unknown"]


async def test_removing_the_bot_stops_what_is_sent_until_it_is_back(tmp_path: Path) -> None:
    async with errand(tmp_path, "teams") as play:
        await play.say("ann", "hello")
        await play.answered("ann", "heard: hello")
        address = f"a:ann|{play.stand_in.service}"
        gone = play.stand_in.activity("ann", type="installationUpdate", action="remove")
        assert await play.deliver(play.stand_in.signed(gone)) == 200
        assert (await play.house.conversation(address)).opted_out is not None
        back = play.stand_in.activity("ann", type="installationUpdate", action="add")
        assert await play.deliver(play.stand_in.signed(back)) == 200
        assert (await play.house.conversation(address)).opted_out is None
