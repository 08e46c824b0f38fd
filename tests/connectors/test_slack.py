"""Slack, the whole path: the stand-in's signed posts over HTTP, the engine, the bot, and what stands on the screen."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.slack import Settings, create, forms, render, signature, stand_in, words
from connectors.slack.stand_in import SECRET, SlackStandIn
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import NotFound, SendFailed, Unauthenticated, Unavailable
from orchestrator.ports import PHOTO, Managed, MediaSource
from orchestrator.types import (
    Button,
    Buttons,
    Choice,
    Form,
    FormField,
    ListPicker,
    Media,
    Part,
    RawRequest,
    Received,
    Rendering,
    Tap,
)
from tests.support.clock import ManualClock
from tests.support.errand import errand, filled, told
from tests.support.playhouse import Stage, outgoing, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(stand_in(SystemClock())) as stage:
        yield stage


@pytest.fixture
def slack(stage: Stage, http: HttpClient, tmp_path: Path) -> Any:
    settings = Settings.model_validate({k: v for k, v in stage.stand_in.settings(stage.url).items() if k != "kind"})
    return create(settings, clock=SystemClock(), http=http, files=LocalFiles(tmp_path, ManualClock()))


def platform(stage: Stage) -> SlackStandIn:
    assert isinstance(stage.stand_in, SlackStandIn)
    return stage.stand_in


async def test_the_story(tmp_path: Path) -> None:
    async with errand(tmp_path, "slack") as play:
        lines = await told(play, "U1", lambda: "DU1")
        assert lines[:3] == ["customer: what size have you got?", "bot: Which size?", "customer: Large"]
        assert "agent: Here is Ada." in lines


async def test_a_list_cards_and_buttons_are_tapped(tmp_path: Path) -> None:
    async with errand(tmp_path, "slack") as play:
        for line, shown, payload in (
            ("list", "Kiel", "city:kiel"),
            ("cards", "Buy cup", "buy:cup"),
            ("buttons", "Sure?", "no"),
        ):
            await play.say("U1", line)
            await play.answered("U1", shown)
            await play.say("U1", Tap(payload=payload))
            await play.answered("U1", f"chose {payload}")


async def test_a_form_is_a_modal(tmp_path: Path) -> None:
    async with errand(tmp_path, "slack") as play:
        assert await filled(play, "U1") == "noted: day=2026-12-24, size=l, street=Main St 1"
        assert [call.path for call in play.stage.calls].count("/views.open") == 1


async def test_a_form_can_not_be_opened_while_slack_is_down(tmp_path: Path) -> None:
    async with errand(tmp_path, "slack") as play:
        await play.say("U1", "form")
        shown = await play.answered("U1", "address")
        assert any(isinstance(part, Form) for part in shown.parts)
        message = next(one for one in play.stand_in.messages if f"{one['channel']}:{one['ts']}" == shown.id)
        button = message["blocks"][-1]["elements"][0]
        play.stage.faults.append("broken")
        tap = play.stand_in.act("U1", message, {"action_id": forms.OPEN, "value": button["value"]})
        assert await play.deliver(tap) == 503


async def test_the_same_event_thrice_makes_one_turn(tmp_path: Path) -> None:
    async with errand(tmp_path, "slack") as play:
        (event,) = (play.stand_in.message("U1", "once", []),)
        assert await asyncio.gather(*(play.deliver(event) for _ in range(3))) == [200, 200, 200]
        await play.answered("U1", "heard: once")
        await play.house.settled("DU1")
        assert (await play.house.lines("DU1")).count("customer: once") == 1


async def test_a_channel_is_answered_when_the_bot_is_called_and_in_its_threads(tmp_path: Path) -> None:
    async with errand(tmp_path, "slack") as play:
        await play.post([play.stand_in.message("U1", "lunch?", [], channel="C1", channel_type="channel")])
        assert await play.house.runtime.store.find_conversation("it", "C1:1") is None
        call = play.stand_in.message(
            "U1", "<@U0PARLEY> hello", [], channel="C1", channel_type="channel", type="app_mention"
        )
        root = play.stand_in.messages[-1]["ts"]
        await play.post([call])
        await play.house.settled(f"C1:{root}")
        more = {"channel": "C1", "channel_type": "channel", "thread_ts": root}
        await play.post([play.stand_in.message("U2", "me too", [], **more)])
        await play.house.settled(f"C1:{root}")
        lines = await play.house.lines(f"C1:{root}")
        assert lines[0] == "customer: hello"
        assert lines[2] == "customer: me too"


async def test_a_thread_from_before_a_restart_is_found_again(slack: Any, stage: Stage) -> None:
    cloud = platform(stage)
    root = {"type": "message", "channel": "C1", "ts": "1.1", "user": "U1", "text": "<@U0PARLEY> hi"}
    cloud.messages.append(root)
    inside = cloud.message("U2", "and me", [], channel="C1", channel_type="channel", thread_ts="1.1")
    await slack.verify(inside)
    assert [event.address for event in slack.parse(inside)] == ["C1:1.1"]
    outside = cloud.message("U2", "psst", [], channel="C1", channel_type="channel", thread_ts="9.9")
    await slack.verify(outside)
    assert slack.parse(outside) == ()
    asked = [call.path for call in stage.calls].count("/conversations.replies")
    await slack.verify(outside)
    assert [call.path for call in stage.calls].count("/conversations.replies") == asked


async def test_slack_delivers_again_when_it_does_not_tell_whose_thread_it_is(slack: Any, stage: Stage) -> None:
    stage.faults += ["broken", "broken"]
    inside = platform(stage).message("U2", "and me", [], channel="C1", channel_type="channel", thread_ts="1.1")
    with pytest.raises(Unavailable):
        await slack.verify(inside)


async def test_a_command_and_a_shortcut_are_answered_in_direct_messages(slack: Any, stage: Stage) -> None:
    cloud = platform(stage)
    asked = cloud.command("U7", "/ask", "when?", channel="C1")
    await slack.verify(asked)
    (event,) = slack.parse(asked)
    assert (event.address, event.parts[0].text) == ("DU7", "when?")
    pressed = cloud.interaction({"type": "shortcut", "callback_id": "talk", "action_ts": "1.1"}, "U8")
    await slack.verify(pressed)
    (event,) = slack.parse(pressed)
    assert (event.address, event.parts[0]) == ("DU8", Tap(payload="talk"))


async def test_who_writes_has_a_name(slack: Any, stage: Stage) -> None:
    hello = platform(stage).message("U1", "hi", [])
    await slack.verify(hello)
    (event,) = slack.parse(hello)
    assert event.profile == {"user_id": "U1", "name": "U1"}


async def test_a_customers_file_is_fetched_with_the_token_and_from_slack_only(slack: Any, stage: Stage) -> None:
    (sent,) = stage.stand_in.say("U1", Media(url="", name="a.png", mime="image/png"))
    (event,) = slack.parse(sent)
    assert isinstance(event, Received)
    picture = event.parts[0]
    assert isinstance(picture, Media)
    assert isinstance(slack, MediaSource)
    reference = picture.url.removeprefix("ref:")
    assert (await slack.fetch(reference, 1000)).data.startswith(b"\x89PNG")
    assert (await slack.fetch(next(iter(platform(stage).files)), 1000)).mime == "image/png"
    before = len(stage.calls)
    for elsewhere in ("https://evil.example/x", "http://files.slack.com/x", "https://slack.com.evil.example/x"):
        with pytest.raises(SendFailed, match="not on Slack's hosts"):
            await slack.fetch(elsewhere, 1000)
    assert len(stage.calls) == before


async def test_a_sign_in_page_is_no_file(stage: Stage, http: HttpClient, tmp_path: Path) -> None:
    stage.stand_in.settings(stage.url)
    wrong = Settings.model_validate({"token": "xoxb-other", "signing_secret": SECRET, "api": stage.url})
    other: Any = create(wrong, clock=SystemClock(), http=http, files=LocalFiles(tmp_path, ManualClock()))
    with pytest.raises(SendFailed, match="files:read"):
        await other.fetch(f"{stage.url}/files-pri/T-F/a.png", 1000)


async def test_a_file_of_ours_is_uploaded(slack: Any, stage: Stage) -> None:
    path = await slack.files.put("shop", b"%PDF-1.7", name="bill.pdf", mime="application/pdf")
    bill = Media(url=f"https://parley.example{path}", media="file", name="bill.pdf", alt="Your bill")
    delivery = await slack.send(Rendering(parts=(bill,)), outgoing("D1"))
    assert [call.path.split("/")[1] for call in stage.calls] == [
        "files.getUploadURLExternal",
        "upload",
        "files.completeUploadExternal",
    ]
    (message,) = platform(stage).messages
    assert (message["files"][0]["id"], message["text"]) == (delivery.external_id, "Your bill")


async def test_where_uploads_are_not_allowed_a_picture_goes_by_its_address(slack: Any, stage: Stage) -> None:
    path = await slack.files.put("shop", PHOTO, name="a.png", mime="image/png")
    stage.faults.append("window_closed")
    await slack.send(Rendering(parts=(Media(url=f"https://parley.example{path}", media="image"),)), outgoing("D1"))
    assert platform(stage).messages[0]["blocks"][0]["type"] == "image"


async def test_a_long_menu_is_split_below_what_slack_takes(slack: Any, stage: Stage) -> None:
    rows = tuple(Choice(title=f"{n:02} {'x' * 70}", payload=f"{n}{'y' * 145}") for n in range(100))
    rendering = Rendering(parts=(ListPicker(choices=rows, text="Which?"),))
    await slack.send(rendering, outgoing("D1"))
    sent = platform(stage).messages
    assert len(sent) > 1
    options = [o for m in sent for b in m["blocks"] if b["type"] == "actions" for o in b["elements"][0]["options"]]
    assert [option["value"] for option in options] == [row.payload for row in rows]


async def test_pages_that_went_out_do_not_go_again(slack: Any, stage: Stage) -> None:
    rows = tuple(Choice(title=f"{n:02} {'x' * 70}", payload=f"{n}{'y' * 145}") for n in range(100))
    rendering = Rendering(parts=(ListPicker(choices=rows, text="Which?"),))
    original = stage.answer

    def third_fails(called: RawRequest) -> Any:
        if len(stage.calls) == 3:
            return stage.stand_in.refuse("throttled")
        return original(called)

    stage.answer = third_fails  # type: ignore[method-assign]
    with pytest.raises(SendFailed) as refused:
        await slack.send(rendering, outgoing("D1"))
    assert (refused.value.retryable, refused.value.retry_after) == (True, 1.0)
    await slack.send(rendering, outgoing("D1"))
    numbers = [
        option["value"][:2]
        for message in platform(stage).messages
        for block in message["blocks"]
        if block["type"] == "actions"
        for option in block["elements"][0]["options"]
    ]
    assert len(numbers) == 100


async def test_blocks_that_slack_still_finds_too_long_are_halved(slack: Any, stage: Stage) -> None:
    original, refusals = stage.answer, [True]

    def too_long_once(called: RawRequest) -> Any:
        if refusals.pop() if refusals else False:
            return stage.stand_in.refuse("window_closed").__class__(
                body=b'{"ok":false,"error":"msg_blocks_too_long"}', media_type="application/json"
            )
        return original(called)

    stage.answer = too_long_once  # type: ignore[method-assign]
    await slack.send(
        Rendering(parts=(Buttons(text="Sure?", buttons=(Button(title="Yes", payload="y"),)),)), outgoing("D1")
    )
    assert [message["blocks"][0]["type"] for message in platform(stage).messages] == ["section", "actions"]


@pytest.mark.parametrize("count", [3, 40, 250])
async def test_a_form_of_any_size_opens_after_a_restart(slack: Any, count: int) -> None:
    options = tuple(
        Choice(title=f"Option {n} of many, all with long names", payload=f"o{n * 7919}") for n in range(count)
    )
    form = Form(id="f", title="F", fields=(FormField(name="a", label="A", type="select", options=options),))
    packed = await forms.packed(form, "shop", slack.files)
    assert len(packed) <= 2000
    assert await forms.unpacked(packed, slack.files) == form
    view = forms.modal(form, address="D1", message="D1:1")
    element = view["blocks"][0]["element"]
    groups = element.get("option_groups") or [element]
    assert [o["value"] for group in groups for o in group["options"]] == [o.payload for o in options]
    assert all(len(group["options"]) <= 100 for group in groups)


@pytest.mark.parametrize("value", ["", "z", "zzz", "f/media/none", "z" + "0" * 50])
async def test_a_button_that_holds_no_form_is_refused(slack: Any, stage: Stage, value: str) -> None:
    tap = platform(stage).act("U1", {"channel": "D1", "ts": "1.1"}, {"action_id": forms.OPEN, "value": value})
    if not value:
        await slack.verify(tap)
        return
    with pytest.raises(Exception, match="form|media") as refused:
        await slack.verify(tap)
    assert type(refused.value).__name__ in ("Malformed", "Unavailable")


def test_what_is_escaped_never_breaks_where_it_is_cut() -> None:
    text = "&" * 3000
    found = render.sections(words.escaped(text))
    assert "".join(words.unescaped(block["text"]["text"]) for block in found) == text
    assert all(len(block["text"]["text"]) <= 3000 for block in found)


@pytest.mark.parametrize("part", [Tap(payload="p", title="T"), Media(url="https://x.example/a", media="gif")])
def test_every_part_has_words(part: Part) -> None:
    assert render.text_of(part) or render.blocks(part)


async def test_an_endless_body_is_refused(tmp_path: Path) -> None:
    async with errand(tmp_path, "slack") as play:
        huge = play.stand_in.signed(orjson.dumps({"type": "x", "text": "y" * 2_000_000}), "application/json")
        assert await play.deliver(huge) == 413


async def test_a_signature_of_another_moment_is_refused(slack: Any, stage: Stage) -> None:
    sent = platform(stage).message("U1", "hi", [])
    late = str(int(sent.headers["x-slack-request-timestamp"]) - 301)
    headers = {**sent.headers, "x-slack-request-timestamp": late}
    headers["x-slack-signature"] = signature.sign(SECRET, late, sent.body)
    with pytest.raises(Unauthenticated, match="300 seconds"):
        await slack.verify(RawRequest(method="POST", path="/", headers=headers, body=sent.body))


async def test_setup_says_what_to_paste_and_check_what_is_wrong(slack: Any, stage: Stage) -> None:
    assert isinstance(slack, Managed)
    steps = await slack.setup("https://parley.example/hooks/it")
    assert "https://parley.example/hooks/it" in steps[0].text
    assert all(found.ok for found in await slack.check("https://parley.example/hooks/it"))
    found = await slack.check("http://localhost/hooks/it")
    assert [each.ok for each in found] == [True, False]
    stage.faults.append("token_expired")
    (first, *_) = await slack.check("https://parley.example/hooks/it")
    assert not first.ok
    assert "install it again" in first.what


async def test_a_file_that_is_gone_is_not_found(slack: Any, stage: Stage) -> None:
    with pytest.raises(NotFound):
        await slack.fetch("F404", 1000)


async def test_a_file_is_fetched_and_kept_before_the_bot_reads_of_it(tmp_path: Path) -> None:
    async with errand(tmp_path, "slack") as play:
        await play.say("U1", Media(url="", name="a.png", mime="image/png"))
        await play.answered("U1", "heard:")
        (first, *_) = await play.house.log("DU1")
        picture = first.parts[0]
        assert isinstance(picture, Media)
        assert (await play.house.runtime.files.get(picture.url))[0] == PHOTO


async def test_what_slack_took_without_answering_is_found_by_its_echo(tmp_path: Path) -> None:
    async with errand(tmp_path, "slack", names=False) as play:
        play.stage.silent = 1
        await play.say("U1", "hello")
        await play.answered("U1", "heard: hello")
        (row,) = await play.settled("DU1", passing=("pending", "unknown"))
        posted = [call.path for call in play.stage.calls].count("/chat.postMessage")
        assert (row.state, posted) == ("sent", 1)
        assert row.external_id == play.stand_in.messages[-1]["channel"] + ":" + play.stand_in.messages[-1]["ts"]


async def test_an_edit_a_deletion_and_a_reaction_reach_the_log(tmp_path: Path) -> None:
    async with errand(tmp_path, "slack") as play:
        await play.say("U1", "helo")
        await play.answered("U1", "heard: helo")
        said = play.stand_in.messages[0]
        inner = {"user": "U1", "ts": said["ts"], "text": "hello", "edited": {"user": "U1"}}
        about: dict[str, Any] = {"type": "message", "channel": "DU1", "channel_type": "im", "event_ts": "9999999999.1"}
        changed: dict[str, Any] = {"subtype": "message_changed", "message": inner, "previous_message": said}
        reaction: dict[str, Any] = {"type": "reaction_added", "user": "U1", "reaction": "wave"}
        reaction |= {"item": {"type": "message", "channel": "DU1", "ts": said["ts"]}}
        await play.post([play.stand_in.event(about | changed), play.stand_in.event(reaction)])
        (first, *_) = await play.house.log("DU1")
        assert (first.parts[0].text, list(first.reactions.values())) == ("hello", ["👋"])  # type: ignore[union-attr]
        deleted: dict[str, Any] = {"subtype": "message_deleted", "deleted_ts": said["ts"], "previous_message": inner}
        await play.post([play.stand_in.event(about | deleted)])
        (first, *_) = await play.house.log("DU1")
        assert first.deleted_at is not None
