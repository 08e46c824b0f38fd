"""An agent that speaks A2A: its card, messages and tasks, streams, files and questions, in both versions."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bots import a2a
from bots.a2a.bot import AgentBot
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import BotFailed
from orchestrator.types import (
    Action,
    FormAnswer,
    HandOff,
    Media,
    Partial,
    Returned,
    Say,
    SetSlots,
    Tap,
    Text,
    Typing,
)
from tests.support import bot_clouds
from tests.support.bot_clouds import SECRET
from tests.support.clock import ManualClock
from tests.support.turns import NOON, asked, slots_after, turn, words


class Kept:
    """Files of this test."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, str, str]] = {}

    async def put(self, app_id: str, data: bytes, *, name: str, mime: str) -> str:
        self.files["/media/1"] = (data, mime, name)
        return "/media/1"

    async def get(self, path: str) -> tuple[bytes, str, str]:
        return self.files[path]


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


def make(client: HttpClient, url: str, files: Kept | None = None, **more: Any) -> AgentBot:
    settings = a2a.Settings.model_validate({"url": url, "token": SECRET, "poll_seconds": 0.01, **more})
    bot = a2a.create(settings, clock=ManualClock(NOON), http=client, files=files or Kept())
    assert isinstance(bot, AgentBot)
    return bot


def told(actions: list[Action]) -> list[Action]:
    return [action for action in actions if not isinstance(action, SetSlots | Typing | Partial)]


def said(text: str) -> Say:
    return Say(parts=(Text(text=text, markdown=True),))


def part(version: str, text: str) -> dict[str, Any]:
    return {"kind": "text", "text": text} if version == "0.3" else {"text": text}


def message(version: str, *parts: dict[str, Any]) -> dict[str, Any]:
    if version == "0.3":
        return {"kind": "message", "role": "agent", "messageId": "m", "contextId": "c1", "parts": list(parts)}
    return {"message": {"role": "ROLE_AGENT", "messageId": "m", "contextId": "c1", "parts": list(parts)}}


def task(version: str, state: str, *texts: str, words: str = "") -> dict[str, Any]:
    spoken = {"message": {"role": "agent", "messageId": "s", "parts": [part(version, words)]}} if words else {}
    status = {"state": state if version == "0.3" else f"TASK_STATE_{state.upper().replace('-', '_')}", **spoken}
    artifacts = [{"artifactId": "a1", "parts": [part(version, text) for text in texts]}] if texts else []
    found = {"id": "t1", "contextId": "c1", "status": status, "artifacts": artifacts}
    return {"kind": "task", **found} if version == "0.3" else {"task": found}


def update(version: str, state: str, words: str = "", *, final: bool = False) -> dict[str, Any]:
    inner = task(version, state, words=words)
    status = (inner if version == "0.3" else inner["task"])["status"]
    found = {"taskId": "t1", "contextId": "c1", "status": status}
    return {"kind": "status-update", **found, "final": final} if version == "0.3" else {"statusUpdate": found}


def piece(version: str, text: str, *, append: bool = True) -> dict[str, Any]:
    found = {
        "taskId": "t1",
        "contextId": "c1",
        "artifact": {"artifactId": "a1", "parts": [part(version, text)]},
        "append": append,
    }
    return {"kind": "artifact-update", **found} if version == "0.3" else {"artifactUpdate": found}


def answering(*results: dict[str, Any]) -> Any:
    return lambda _: {"results": list(results)}


both = pytest.mark.parametrize("version", ["0.3", "1.0"])


@both
async def test_a_message_is_answered_by_a_message(client: HttpClient, version: str) -> None:
    async with bot_clouds.agent(answering(message(version, part(version, "Hello"))), version) as cloud:
        bot = make(client, cloud.url)
        actions = await asked(bot, turn("Hi", profile={"name": "Ann"}))
        assert told(actions) == [said("Hello")]
        await asked(bot, turn("More", turn_id="turn-2", slots=slots_after({}, actions)))
        assert cloud.cards == 1, "a card is read once"
    first, second = (each["params"]["message"] for each in cloud.asked)
    assert (first["messageId"], first["parts"]) == ("turn-1", [part(version, "Hi")])
    assert first["metadata"]["parley"]["profile"] == {"name": "Ann"}
    assert "contextId" not in first
    assert (second["contextId"], second["messageId"]) == ("c1", "turn-2")


@both
async def test_a_task_is_followed_to_its_end(client: HttpClient, version: str) -> None:
    results = (task(version, "submitted"), task(version, "working", words="Looking"))
    done = task(version, "completed", "It is on", " its way")
    tasks = done if version == "0.3" else done["task"]
    going = results[1] if version == "0.3" else results[1]["task"]
    async with bot_clouds.agent(answering(results[0], going, tasks), version) as cloud:
        assert told(await asked(make(client, cloud.url), turn("Where?"))) == [said("It is on its way")]
    assert [each["params"].get("id") for each in cloud.asked] == [None, "t1", "t1"]


@both
async def test_a_question_goes_on_in_its_task(client: HttpClient, version: str) -> None:
    async with bot_clouds.agent(answering(task(version, "input-required", words="Which order?")), version) as cloud:
        bot = make(client, cloud.url)
        first = await asked(bot, turn("Where?"))
        assert words(first) == ["Which order?"]
        await asked(bot, turn("PD-1", slots=slots_after({}, first)))
    assert cloud.asked[1]["params"]["message"]["taskId"] == "t1"


@both
async def test_a_stream_shows_as_it_comes(client: HttpClient, version: str) -> None:
    stream = answering(
        task(version, "submitted"),
        update(version, "working", "Looking it up"),
        piece(version, "It is", append=False),
        piece(version, " on its way"),
        update(version, "completed", final=True),
    )
    async with bot_clouds.agent(stream, version, streams=True) as cloud:
        actions = await asked(make(client, cloud.url), turn("Where?"))
        assert [each.text for each in actions if isinstance(each, Partial)][:2] == ["It is", "It is on its way"]
        assert told(actions) == [said("It is on its way")]
        assert slots_after({}, actions)["a2a:guide"] == {"context": "c1", "task": ""}


@both
async def test_a_stream_that_ends_early_is_asked_about(client: HttpClient, version: str) -> None:
    done = task(version, "completed", "Done")
    async with bot_clouds.agent(answering(task(version, "working")), version, streams=True) as cloud:
        cloud.left = [done if version == "0.3" else done["task"]]
        assert told(await asked(make(client, cloud.url), turn("Where?"))) == [said("Done")]


async def test_files_and_actions(client: HttpClient) -> None:
    inside = base64.b64encode(b"%PDF-1.4").decode()
    parts = (
        {"kind": "file", "file": {"uri": "https://shop.example/m.png", "mimeType": "image/png", "name": "m.png"}},
        {"kind": "file", "file": {"bytes": inside, "mimeType": "application/pdf", "name": "receipt.pdf"}},
        {"kind": "data", "data": {"parley": [{"kind": "hand_off", "team": "orders"}]}},
        {"kind": "data", "data": {"anything": "else"}},
    )
    newer = (
        {"url": "https://shop.example/m.png", "mediaType": "image/png", "filename": "m.png"},
        {"raw": inside, "mediaType": "application/pdf", "filename": "receipt.pdf"},
    )
    picture = Say(parts=(Media(url="https://shop.example/m.png", media="image", mime="image/png", name="m.png"),))
    receipt = Say(parts=(Media(url="/media/1", media="file", mime="application/pdf", name="receipt.pdf"),))
    files = Kept()
    async with bot_clouds.agent(answering(message("0.3", *parts))) as cloud:
        actions = await asked(make(client, cloud.url, files), turn("Hi"))
    assert told(actions) == [picture, receipt, HandOff(team="orders")]
    assert files.files["/media/1"][0] == b"%PDF-1.4"
    async with bot_clouds.agent(answering(message("1.0", *newer)), "1.0") as cloud:
        assert told(await asked(make(client, cloud.url), turn("Hi"))) == [picture, receipt]


@both
async def test_what_a_customer_sends(client: HttpClient, version: str) -> None:
    note = Returned(handoff_id="h", agent="ada", note="Refunded", at=NOON)
    picture = Media(url="https://parley.example/x.png", media="image", mime="image/png")
    everything = turn(
        "Look", picture, Tap(payload="buy", title="Buy"), FormAnswer(form_id="f", values={"a": "b"}), returned=note
    )
    async with bot_clouds.agent(answering(message(version, part(version, "ok"))), version) as cloud:
        bot = make(client, cloud.url, greeting="hello")
        await asked(bot, everything)
        await asked(bot, turn())
        assert await asked(make(client, cloud.url), turn()) == []
    sent = cloud.asked[0]["params"]["message"]
    assert len(sent["parts"]) == 4
    assert sent["metadata"]["parley"]["colleague_said"] == "Refunded"
    assert cloud.asked[1]["params"]["message"]["parts"] == [part(version, "hello")]


CARDS: list[tuple[dict[str, Any], str]] = [
    ({"url": "https://elsewhere.example/rpc"}, "another host"),
    ({"url": "//elsewhere.example/rpc"}, "another host"),
]


@pytest.mark.parametrize(("changes", "complaint"), CARDS)
async def test_a_card_sends_us_nowhere_else(client: HttpClient, changes: dict[str, Any], complaint: str) -> None:
    async with bot_clouds.agent(answering()) as cloud:
        cloud.card_changes = changes
        with pytest.raises(BotFailed, match=complaint):
            await asked(make(client, cloud.url), turn("Hi"))
        assert not cloud.asked


async def test_an_agent_that_prefers_something_else_may_still_be_asked(client: HttpClient) -> None:
    async with bot_clouds.agent(answering(message("0.3", part("0.3", "ok")))) as cloud:
        others = [{"transport": "JSONRPC", "url": f"{cloud.url}/rpc"}]
        cloud.card_changes = {"preferredTransport": "GRPC", "url": "grpc://x", "additionalInterfaces": others}
        assert words(await asked(make(client, cloud.url), turn("Hi"))) == ["ok"]


@pytest.mark.parametrize("state", ["failed", "rejected", "canceled", "auth-required"])
async def test_a_task_that_failed_fails_the_turn(client: HttpClient, state: str) -> None:
    async with bot_clouds.agent(answering(task("0.3", state, words="my secret words"))) as cloud:
        with pytest.raises(BotFailed, match=state) as caught:
            await asked(make(client, cloud.url), turn("Hi"))
    assert "secret" not in str(caught.value)


BAD: list[Any] = [
    {},
    {"kind": "task", "id": "t"},
    {"kind": "message", "parts": "x"},
    {"kind": "message", "parts": [5]},
    {"kind": "message", "parts": [{"kind": "file", "file": {"bytes": "no base64!"}}]},
    {"kind": "message", "parts": [{"kind": "file", "file": {"uri": "javascript:x"}}]},
    {"kind": "message", "parts": [{"kind": "data", "data": {"parley": {"kind": "dance"}}}]},
    {"kind": "task", "status": {"state": "working"}},
    {"kind": "task", "id": "t", "status": {"state": "completed"}, "artifacts": [{"parts": [{"text": "x" * 40_000}]}]},
]


@pytest.mark.parametrize("result", BAD)
async def test_rubbish_is_refused(client: HttpClient, result: Any) -> None:
    async with bot_clouds.agent(answering(result)) as cloud:
        with pytest.raises(BotFailed):
            await asked(make(client, cloud.url), turn("Hi"))


async def test_errors_tell_their_code_and_not_their_words(client: HttpClient) -> None:
    async with bot_clouds.agent(answering(), "1.0") as cloud:
        bot = make(client, cloud.url)
        await bot.card(turn("x").deadline)
        cloud.version = "0.3"  # it knows none of the newer methods
        with pytest.raises(BotFailed, match=r"\(-32601\)") as caught:
            await asked(bot, turn("Hi"))
        assert "secret" not in str(caught.value)
        with pytest.raises(BotFailed, match="credentials"):
            await asked(make(client, cloud.url, token="wrong"), turn("Hi"))


async def test_health(client: HttpClient) -> None:
    async with bot_clouds.agent(answering(), streams=True) as cloud:
        (found,) = await make(client, cloud.url).check()
        assert (found.ok, found.what) == (True, "agent 'Orders' answers by A2A 0.3, streams")
        (lost,) = await make(client, cloud.url, card="elsewhere.json").check()
        assert not lost.ok
