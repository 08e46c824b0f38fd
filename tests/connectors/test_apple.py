"""Apple Messages for Business, the whole path: gzipped posts over HTTP, the engine, the bot, the device's screen."""

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.apple import cipher, render, wire
from connectors.apple.gateway import Parcel
from connectors.apple.stand_in import BUSINESS, AppleStandIn
from orchestrator.errors import Malformed, NotFound, SendFailed, TooLarge, Unavailable
from orchestrator.ports import PHOTO, Managed, MediaSource
from orchestrator.types import (
    Choice,
    Consent,
    Form,
    FormField,
    ListPicker,
    Media,
    Part,
    QuickReplies,
    RawRequest,
    Received,
    Rendering,
    Tap,
    Text,
)
from tests.connectors.conftest import Made
from tests.support.clock import ManualClock
from tests.support.errand import errand, filled, told
from tests.support.playhouse import Stage, outgoing

KIND = "apple"
ANN = "urn:mbid:ann"


@pytest.fixture
def apple(made: Made) -> Any:
    return made()


def platform(stage: Stage) -> AppleStandIn:
    assert isinstance(stage.stand_in, AppleStandIn)
    return stage.stand_in


async def test_the_errand(tmp_path: Path) -> None:
    async with errand(tmp_path, "apple") as play:
        lines = await told(play, "ann", lambda: ANN)
        assert lines[:3] == ["customer: what size have you got?", "bot: Which size?", "customer: Large"]
        marks = {
            message.get("body"): message["auto-reply"] for message in play.stand_in.messages if "auto-reply" in message
        }
        assert (marks["Let me get somebody."], marks["Here is Ada."]) == ("true", "")


async def test_a_list_cards_and_buttons_are_answered(tmp_path: Path) -> None:
    async with errand(tmp_path, "apple") as play:
        for line, shown, payload in (
            ("list", "Kiel", "city:kiel"),
            ("cards", "Cup", "buy:cup"),
            ("buttons", "Sure?", "no"),
        ):
            await play.say("ann", line)
            await play.answered("ann", shown)
            await play.say("ann", Tap(payload=payload))
            await play.answered("ann", f"chose {payload}")


async def test_a_form_goes_page_by_page(tmp_path: Path) -> None:
    async with errand(tmp_path, "apple") as play:
        assert await filled(play, "ann") == "noted: day=2026-12-24, size=l, street=Main St 1"


async def test_the_same_message_thrice_makes_one_turn(tmp_path: Path) -> None:
    async with errand(tmp_path, "apple") as play:
        once = play.stand_in.posted("ann", {"type": "text", "body": "once"})
        assert await play.post([once] * 3) == [200, 200, 200]
        await play.answered("ann", "heard: once")
        await play.house.settled(ANN)
        assert (await play.house.lines(ANN)).count("customer: once") == 1


async def test_a_file_is_fetched_decrypted_and_kept(tmp_path: Path) -> None:
    async with errand(tmp_path, "apple") as play:
        await play.say("ann", Media(url="", name="photo.png", mime="image/png"))
        await play.answered("ann", "heard:")
        (first, *_) = await play.house.log(ANN)
        picture = first.parts[0]
        assert isinstance(picture, Media)
        assert (await play.house.runtime.files.get(picture.url))[0] == PHOTO


async def test_a_bomb_and_a_forgery_are_refused_over_http(tmp_path: Path) -> None:
    async with errand(tmp_path, "apple") as play:
        good = play.stand_in.posted("ann", {"type": "text", "body": "hi"})
        bomb = RawRequest(method="POST", path="/", headers=good.headers, body=gzip.compress(b" " * 30_000_000))
        assert await play.deliver(bomb) == 413
        assert await play.deliver(play.stand_in.posted("ann", {"type": "text", "body": "hi"}, aud="other")) == 401
        assert await play.house.runtime.store.find_conversation("it", ANN) is None


async def test_who_closes_is_not_written_to_until_they_write_again(
    apple: Any, stage: Stage, clock: ManualClock
) -> None:
    cloud = platform(stage)

    def heard(request: RawRequest) -> list[Any]:
        return list(apple.parse(request))

    allowed, said = heard(cloud.posted("ann", {"type": "text", "body": "hi"}))
    assert (isinstance(allowed, Consent), isinstance(said, Received)) == (True, True)
    assert [type(event) for event in heard(cloud.posted("ann", {"type": "text", "body": "and"}))] == [Received]
    (closed,) = heard(cloud.closed("ann"))
    assert (closed.allowed, closed.reason) == (False, "close")
    assert [type(event) for event in heard(cloud.posted("ann", {"type": "text", "body": "me again"}))] == [
        Consent,
        Received,
    ]
    clock.advance(61)
    assert [type(event) for event in heard(cloud.posted("ann", {"type": "text", "body": "later"}))] == [
        Consent,
        Received,
    ]


async def test_a_large_answer_is_fetched_while_apple_waits(apple: Any, stage: Stage) -> None:
    cloud = platform(stage)
    items = [{"identifier": f"i{number}", "title": "x" * 80} for number in range(200)]
    content = cloud.interactive({"requestIdentifier": "req-1", "listPicker": {"sections": [{"items": items}]}})
    request = cloud.posted("ann", {"type": "interactive"} | content)
    assert b"interactiveDataRef" in gzip.decompress(request.body)
    await apple.verify(request)
    *_, said = apple.parse(request)
    assert [part.payload for part in said.parts] == [item["identifier"] for item in items]


async def test_a_large_answer_comes_again_when_apple_is_down_and_is_named_when_it_is_gone(
    apple: Any, stage: Stage
) -> None:
    cloud = platform(stage)
    content = cloud.interactive({"listPicker": {"sections": [{"items": [{"identifier": "i", "title": "x" * 11_000}]}]}})
    request = cloud.posted("ann", {"type": "interactive"} | content)
    stage.faults += ["broken"]
    with pytest.raises(Unavailable):
        await apple.verify(request)
    cloud.blobs.clear()
    await apple.verify(request)
    *_, said = apple.parse(request)
    assert said.parts[0].what == "interactive"


async def test_files_go_encrypted_and_come_back_the_same(apple: Any, stage: Stage) -> None:
    cloud = platform(stage)
    path = await apple.files.put("shop", b"%PDF-1.7", name="bill.pdf", mime="application/pdf")
    bill = Media(url=f"https://parley.example{path}", name="bill.pdf", mime="application/pdf", alt="Your bill")
    await apple.send(Rendering(parts=(bill,)), outgoing(ANN))
    (message,) = cloud.messages
    (file,) = message["attachments"]
    hidden = cloud.blobs[file["url"].rpartition("/")[2]]
    assert hidden != b"%PDF-1.7"
    assert cipher.decrypted(hidden, file["key"]) == b"%PDF-1.7"
    assert message["body"] == "Your bill\ufffc"
    attachment = wire.Attachment.model_validate(file)
    assert isinstance(apple, MediaSource)
    assert (await apple.fetch(wire.reference(attachment.parcel), 1000)).data == b"%PDF-1.7"


async def test_what_is_gone_too_large_or_broken_is_said_so(apple: Any, stage: Stage) -> None:
    gone = Parcel(url=f"{stage.url}/content/none", owner="M", signature="ab", key="00" + "11" * 32)
    with pytest.raises(NotFound):
        await apple.fetch(wire.reference(gone), 1000)
    kept = wire.Attachment.model_validate(platform(stage).keep(b"x" * 100)).parcel
    with pytest.raises(TooLarge):
        await apple.fetch(wire.reference(kept), 50)
    broken = Parcel(url=kept.url, owner="M", signature="no hex", key=kept.key)
    with pytest.raises(Malformed):
        await apple.fetch(wire.reference(broken), 1000)
    with pytest.raises(Malformed):
        await apple.fetch("rubbish", 1000)


async def test_an_address_of_apples_that_leads_inside_is_not_followed(apple: Any, stage: Stage) -> None:
    def inside(called: RawRequest) -> Any:
        return stage.stand_in.serve(called).__class__(
            body=b'{"download-url":"http://169.254.169.254/latest"}', media_type="application/json"
        )

    stage.answer = inside  # type: ignore[method-assign]
    parcel = Parcel(url="https://content.example/1", owner="M", signature="ab", key="00" + "11" * 32)
    with pytest.raises(SendFailed):
        await apple.fetch(wire.reference(parcel), 1000)


FORM = Form(id="f", title="Name?", fields=(FormField(name="n", label="Name"),))
PICK = ListPicker(text="Which?", choices=(Choice(title="A", payload="a"), Choice(title="B", payload="b")))
QUICK = QuickReplies(text="Which?", choices=PICK.choices)


@pytest.mark.parametrize(
    ("can", "part", "became"),
    [
        ("LIST,QUICK,FORM", QUICK, "quick-reply"),
        ("LIST", QUICK, "listPicker"),
        ("AUTH2", QUICK, "Which?\n1. A\n2. B"),
        ("QUICK", PICK, "Which?\n1. A\n2. B"),
        ("LIST,FORM", FORM, "dynamic"),
        ("LIST", FORM, "Name?\nName:"),
        ("", FORM, "dynamic"),
    ],
)
async def test_an_older_device_gets_what_it_can_show(
    apple: Any, stage: Stage, can: str, part: Part, became: str
) -> None:
    cloud = platform(stage)
    hello = cloud.posted("ann", {"type": "text", "body": "hi"})
    apple.parse(RawRequest(method="POST", path="/", headers={**hello.headers, "capability-list": can}, body=hello.body))
    await apple.send(Rendering(parts=(part,)), outgoing(ANN))
    message = cloud.messages[-1]
    assert message.get("body") == became or became in message["interactiveData"]["data"]


async def test_a_message_tried_again_has_the_same_id(apple: Any, stage: Stage) -> None:
    stage.faults += ["broken"]
    with pytest.raises(SendFailed):
        await apple.send(Rendering(parts=(Text(text="x"),)), outgoing(ANN))
    await apple.send(Rendering(parts=(Text(text="x"),)), outgoing(ANN))
    assert len({call.headers["id"] for call in stage.calls}) == 1


@pytest.mark.parametrize("text", ["plain", "𝟙𝟚", "👩‍👩‍👧", "a🎉b", "\U0010ffff", "🇩🇪"])
def test_no_character_is_left_that_apple_does_not_take(text: str) -> None:
    found = render.bmp(text)
    assert found
    assert all(ord(character) < 0x10000 for character in found)


@pytest.mark.parametrize("key", ["", "00", "zz" * 33, "11" * 31, "11" * 40])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(Malformed):
        cipher.decrypted(b"x", key)


async def test_setup_says_what_to_paste_and_check_what_is_wrong(made: Made, stage: Stage) -> None:
    apple = made()
    assert isinstance(apple, Managed)
    assert any(
        "https://parley.example/hooks/it" in step.text for step in await apple.setup("https://parley.example/hooks/it")
    )
    assert all(found.ok for found in await apple.check("https://parley.example/hooks/it"))
    wrong = made(secret="d3Jvbmd3cm9uZ3dyb25nd3Jvbmd3cm9uZ3dyb25nd3Jvbmc=")
    found = await wrong.check("http://localhost/hooks/it")
    assert [each.ok for each in found] == [False, False]
    assert "d3Jvbmd3" not in orjson.dumps(found).decode()
    assert BUSINESS not in orjson.dumps(found).decode()
