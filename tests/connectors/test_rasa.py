"""Front ends made for Rasa: answered in the response, or by callback, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.routing import BaseRoute

from orchestrator.http.hooks import routes
from orchestrator.http.replies import Replies
from orchestrator.site import hook_channels
from orchestrator.types import Text
from tests.support.cloud import running_cloud
from tests.support.house import House
from tests.support.web import Front, front

TOKEN = "a token of the site"
REST = "/hooks/site/webhooks/rest/webhook"


def hooks(house: House) -> Sequence[BaseRoute]:
    runtime = house.runtime
    replies = Replies(runtime.engine, runtime.store, runtime.bus, public_url="https://shop.example")
    return routes(hook_channels(runtime), runtime.engine, runtime.bus, replies)


@asynccontextmanager
async def site(folder: Path, bot: str = "echo", **channel: Any) -> AsyncIterator[Front]:
    settings = {"kind": "rasa", "bot": bot, "token": TOKEN, "timeout": 5, **channel}
    async with front(folder, hooks, channels={"site": settings}) as opened:
        opened.house.channel = "site"
        yield opened


async def write(opened: Front, message: str, sender: str = "u1", **more: Any) -> Any:
    answer = await opened.post(f"{REST}?token={TOKEN}", {"sender": sender, "message": message, **more})
    assert answer.status == 200, answer.body
    return orjson.loads(answer.body)


async def test_the_answer_is_the_response(tmp_path: Path) -> None:
    async with site(tmp_path) as opened:
        assert await write(opened, "hello") == [{"recipient_id": "u1", "text": "echo: hello"}]
        assert await write(opened, "again") == [{"recipient_id": "u1", "text": "echo: again"}]
        assert await write(opened, "") == []


async def test_who_names_nobody_is_rasas_default(tmp_path: Path) -> None:
    async with site(tmp_path) as opened:
        answer = await opened.post(f"{REST}?token={TOKEN}", {"message": "hello"})
        assert orjson.loads(answer.body) == [{"recipient_id": "default", "text": "echo: hello"}]


async def test_a_blank_line_parts_messages_and_a_stream_has_one_a_line(tmp_path: Path) -> None:
    async with site(tmp_path) as opened:
        answer = await opened.post(f"{REST}?token={TOKEN}&stream=true", {"sender": "u1", "message": "one\n\ntwo"})
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = [orjson.loads(line) for line in answer.body.splitlines()]
        assert told == [{"recipient_id": "u1", "text": "echo: one"}, {"recipient_id": "u1", "text": "two"}]


async def test_a_button_comes_back_as_its_payload(tmp_path: Path) -> None:
    async with site(tmp_path, bot="choices") as opened:
        offered = [one for one in await write(opened, "hello") if "buttons" in one]
        assert offered
        button = offered[0]["buttons"][0]
        await write(opened, button["payload"])
        said = (await opened.house.log(address="u1"))[-2]
        assert said.role == "customer"
        assert said.parts[0].kind == "tap"
        assert f"/{said.parts[0].payload}" == button["payload"]


async def test_what_an_agent_says_later_comes_with_the_next_answer(tmp_path: Path) -> None:
    async with site(tmp_path, bot="person") as opened:
        house = opened.house
        first = await write(opened, "hello")
        assert first
        ada = house.agent()
        conversation = await house.conversation("u1")
        await house.runtime.engine.desk.accept("shop", conversation.id, ada)
        await house.runtime.engine.desk.say("shop", conversation.id, ada, (Text(text="Ada here"),))
        told = [one["text"] for one in await write(opened, "are you there?")]
        assert "Ada here" in told
        assert not set(told) & {one.get("text") for one in first}


async def test_a_message_sent_twice_under_one_id_is_one_message(tmp_path: Path) -> None:
    async with site(tmp_path, bot="counter") as opened:
        both = await asyncio.gather(*(write(opened, "hello", message_id="m-1") for _ in range(2)))
        assert any(both)
        log = await opened.house.log(address="u1")
        assert [one.role for one in log].count("customer") == 1


async def test_a_bot_that_hangs_costs_the_request_its_patience_and_no_words(tmp_path: Path) -> None:
    async with site(tmp_path, bot="later", timeout=0.3) as opened:
        assert await write(opened, "hello") == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (REST, b'{"message":"hi"}', 401),
        (f"{REST}?token=wrong", b'{"message":"hi"}', 401),
        (f"{REST}?token={TOKEN}", b"not json", 400),
        (f"{REST}?token={TOKEN}", b'{"message": {"a": 1}}', 400),
        (f"{REST}?token={TOKEN}", b'{"sender": "", "message": "hi"}', 400),
        (f"{REST}?token={TOKEN}", b'{"message": "' + b"x" * 100_001 + b'"}', 413),
        (f"{REST}?token={TOKEN}", b"[" * 50_000, 400),
    ],
)
async def test_bad_input_is_refused(tmp_path: Path, path: str, body: bytes, status: int) -> None:
    async with site(tmp_path) as opened:
        answer = await opened.ask("POST", path, data=body)
        assert answer.status == status, answer.body
        assert TOKEN.encode() not in answer.body


async def test_health_is_answered_as_rasa_answers_it(tmp_path: Path) -> None:
    async with site(tmp_path) as opened:
        answer = await opened.get("/hooks/site/webhooks/rest/", token=TOKEN)
        assert orjson.loads(answer.body) == {"status": "ok"}


async def test_by_callback_the_response_is_success_and_answers_are_posted(tmp_path: Path) -> None:
    async with running_cloud() as end, site(tmp_path, callback=f"{end.url}/bot", allow_private=True) as opened:
        path = f"/hooks/site/webhooks/callback/webhook?token={TOKEN}"
        answer = await opened.post(path, {"sender": "u1", "message": "one\n\ntwo"})
        assert answer.body == b"success"
        told = [await asyncio.wait_for(end.arrived.get(), 15) for _ in range(2)]
        assert [orjson.loads(one.body)["text"] for one in told] == ["echo: one", "two"]
        assert len({one.headers["x-message-id"] for one in told}) == 2
