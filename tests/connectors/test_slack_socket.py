"""Socket Mode against a real WebSocket server: what is heard, what is acknowledged, and how a lost socket is mended."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve

from connectors.slack import Settings, create
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import SendFailed, Unavailable
from orchestrator.ports import Listener
from orchestrator.types import Inbound, Received, Tap, Text
from tests.support.clock import ManualClock
from tests.support.cloud import Cloud, Reply

PATIENCE = 10.0
HELLO = {"type": "hello", "num_connections": 1}


@dataclass
class Line:
    """Slack's end: each connection runs the next of `scripts`; acknowledgements arrive in `acks`."""

    url: str = ""
    scripts: list[list[dict[str, Any]]] = field(default_factory=list)
    acks: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    connections: int = 0

    async def talk(self, connection: ServerConnection) -> None:
        self.connections += 1
        script = self.scripts.pop(0) if self.scripts else [HELLO]
        for frame in script:
            if frame.get("type") == "drop":
                await connection.close()
                return
            await connection.send(orjson.dumps(frame).decode())
        async for text in connection:
            self.acks.put_nowait(orjson.loads(text))


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    made = Line()
    async with serve(made.talk, "127.0.0.1", 0) as server:
        made.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/link"
        yield made


@dataclass
class Ear:
    heard: asyncio.Queue[Inbound] = field(default_factory=asyncio.Queue)
    refusals: int = 0

    async def hear(self, events: Sequence[Inbound]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise Unavailable("the disk is full")
        for event in events:
            self.heard.put_nowait(event)


@asynccontextmanager
async def listening(folder: Path, slack: Line, cloud: Cloud, ear: Ear) -> AsyncIterator[asyncio.Task[None]]:
    http = HttpClient()
    await http.open()
    opened = Reply(body=orjson.dumps({"ok": True, "url": slack.url}))
    cloud.replies.extend([opened] * 5)
    settings = Settings.model_validate({"token": "xoxb-1", "app_token": "xapp-1", "api": cloud.url, "names": False})
    connector = create(settings, clock=SystemClock(), http=http, files=LocalFiles(folder, ManualClock()))
    assert isinstance(connector, Listener)
    task = asyncio.create_task(connector.listen(ear.hear))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await http.close()


def envelope(name: str, payload: dict[str, Any], kind: str = "events_api", **more: Any) -> dict[str, Any]:
    return {"type": kind, "envelope_id": name, "payload": payload, "accepts_response_payload": False} | more


def message(text: str, ts: str = "1760000000.000100") -> dict[str, Any]:
    event = {"type": "message", "channel": "D1", "channel_type": "im", "user": "U1", "text": text, "ts": ts}
    return {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event}


async def soon(queue: asyncio.Queue[Any]) -> Any:
    async with asyncio.timeout(PATIENCE):
        return await queue.get()


async def test_events_taps_and_commands_are_heard_and_acknowledged(tmp_path: Path, cloud: Cloud) -> None:
    tap = {
        "type": "block_actions",
        "user": {"id": "U1"},
        "container": {"channel_id": "D1", "message_ts": "1.1"},
        "channel": {"id": "D1"},
        "actions": [{"action_id": "parley:choice:0", "value": "yes", "action_ts": "2.2"}],
    }
    command = {"command": "/ask", "text": "when?", "user_id": "U1", "channel_id": "D1", "trigger_id": "3.3"}
    options = {"type": "block_suggestion", "user": {"id": "U1"}}
    async with line() as slack:
        slack.scripts = [
            [
                HELLO,
                envelope("e1", message("hi")),
                envelope("e2", tap, "interactive"),
                envelope("e3", command, "slash_commands"),
                envelope("e4", options, "interactive", accepts_response_payload=True),
                envelope("e5", {}, "holograms"),
            ]
        ]
        ear = Ear()
        async with listening(tmp_path, slack, cloud, ear):
            heard = [await soon(ear.heard) for _ in range(3)]
            assert [event.parts[0] for event in heard] == [
                Text(text="hi"),
                Tap(payload="yes", message_id="D1:1.1"),
                Text(text="when?"),
            ]
            acks = [await soon(slack.acks) for _ in range(5)]
            assert [ack["envelope_id"] for ack in acks] == ["e1", "e2", "e3", "e4", "e5"]
            assert acks[3]["payload"] == {"options": []}
        assert cloud.seen[0].headers["authorization"] == "Bearer xapp-1"


async def test_what_is_not_durable_is_not_acknowledged(tmp_path: Path, cloud: Cloud) -> None:
    async with line() as slack:
        slack.scripts = [[HELLO, envelope("e1", message("hi")), envelope("e2", message("again", "1760000000.000200"))]]
        ear = Ear(refusals=1)
        async with listening(tmp_path, slack, cloud, ear):
            assert (await soon(slack.acks))["envelope_id"] == "e2"
            heard = await soon(ear.heard)
            assert isinstance(heard, Received)
            assert heard.parts == (Text(text="again"),)


async def test_rubbish_is_acknowledged_and_holds_nothing_up(tmp_path: Path, cloud: Cloud) -> None:
    async with line() as slack:
        broken = {"type": "event_callback", "event": "rubbish"}
        slack.scripts = [[HELLO, {"type": "novelty"}, envelope("e1", broken), envelope("e2", message("hi"))]]
        ear = Ear()
        async with listening(tmp_path, slack, cloud, ear):
            assert [(await soon(slack.acks))["envelope_id"] for _ in range(2)] == ["e1", "e2"]


@pytest.mark.parametrize("end", [{"type": "disconnect", "reason": "refresh_requested"}, {"type": "drop"}])
async def test_a_connection_that_ends_is_opened_again_at_once(tmp_path: Path, cloud: Cloud, end: Any) -> None:
    async with line() as slack:
        slack.scripts = [[HELLO, envelope("e1", message("one")), end], [HELLO, envelope("e2", message("two", "2.2"))]]
        ear = Ear()
        async with listening(tmp_path, slack, cloud, ear):
            assert [(await soon(ear.heard)).parts[0].text for _ in range(2)] == ["one", "two"]
            assert slack.connections == 2


async def test_it_mends_itself_while_slack_is_down(tmp_path: Path, cloud: Cloud) -> None:
    async with line() as slack:
        slack.scripts = [[HELLO, envelope("e1", message("hi"))]]
        cloud.replies.append(Reply(status=503))
        ear = Ear()
        async with listening(tmp_path, slack, cloud, ear):
            assert (await soon(ear.heard)).parts == (Text(text="hi"),)


async def test_socket_mode_switched_off_is_for_a_person_to_mend(tmp_path: Path, cloud: Cloud) -> None:
    async with line() as slack:
        slack.scripts = [[HELLO, {"type": "disconnect", "reason": "link_disabled"}]]
        async with listening(tmp_path, slack, cloud, Ear()) as task:
            with pytest.raises(SendFailed, match="switched off") as refused:
                await asyncio.wait_for(task, PATIENCE)
            assert not refused.value.retryable


async def test_a_wrong_app_token_is_for_a_person_to_mend(tmp_path: Path, cloud: Cloud) -> None:
    async with line() as slack:
        cloud.replies.append(Reply(body=b'{"ok":false,"error":"invalid_auth"}'))
        async with listening(tmp_path, slack, cloud, Ear()) as task:
            with pytest.raises(SendFailed, match="invalid_auth") as refused:
                await asyncio.wait_for(task, PATIENCE)
            assert refused.value.reason == "token_expired"
