"""Socket Mode (docs.slack.dev/apis/events-api/using-socket-mode): Slack's events over a WebSocket we open."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from connectors.slack import wire
from connectors.slack.api import Api, Refused
from connectors.slack.settings import Settings
from connectors.slack.wire import Payload
from orchestrator.errors import Malformed, ParleyError, SendFailed

LONGEST_PAUSE = 60.0
QUIET = 45.0
"""Seconds without a word or a ping after which a connection is taken for lost."""

LARGEST = 1_048_576

log = structlog.get_logger("parley.slack")


@dataclass(frozen=True, slots=True)
class Envelope:
    id: str
    payload: Payload
    wants_answer: bool


Take = Callable[[Envelope], Awaitable[Mapping[str, Any] | None]]


async def listen(settings: Settings, api: Api, take: Take) -> None:
    """Until cancelled. Raises SendFailed where the token is refused or Socket Mode switched off: a person's work."""
    failures = 0
    while True:
        if failures:
            await asyncio.sleep(min(2.0 ** (failures - 1), LONGEST_PAUSE))
        try:
            url = await address(settings, api)
            async with connect(url, max_size=LARGEST, open_timeout=settings.timeout, ping_timeout=QUIET) as connection:
                # Slack ends a connection every few hours, and says so: the next one is opened at once.
                failures = 0 if await hear(connection, take) else failures + 1
        except (OSError, TimeoutError, WebSocketException, InvalidHandshake) as error:
            failures += 1
            log.warning("slack's socket is lost", error=type(error).__name__, failures=failures)
        except SendFailed as error:
            if not error.retryable:
                raise
            failures += 1
            log.warning("slack gives no socket", error=str(error), failures=failures)


async def address(settings: Settings, api: Api) -> str:
    """Of the next connection; it holds a ticket, so it is never told. Raises SendFailed."""
    answer = await api.call("apps.connections.open", {}, token=settings.app_token.get_secret_value())
    return str(answer.get("url") or "")


async def hear(connection: ClientConnection, take: Take) -> bool:
    """Until the connection ends; whether it was of use. Raises SendFailed when Socket Mode was switched off."""
    used = False
    async for text in connection:
        frame = read(text)
        match frame.get("type"):
            case "hello":
                used = True
            case "disconnect" if frame.get("reason") == "link_disabled":
                raise Refused("apps.connections.open", "link_disabled", needed="Socket Mode is switched off in the app")
            case "disconnect":
                return True
            case _ if (envelope := opened(frame)) is not None:
                await acknowledge(connection, envelope, take)
    return used


async def acknowledge(connection: ClientConnection, envelope: Envelope, take: Take) -> None:
    """What could not be taken is not acknowledged: Slack delivers it again, up to three times."""
    try:
        answer = await take(envelope)
    except ParleyError as error:
        log.warning("an envelope of slack's was not taken", error=str(error))
        if error.retryable:
            return
        answer = None
    reply: dict[str, Any] = {"envelope_id": envelope.id} | ({"payload": answer} if answer is not None else {})
    await connection.send(orjson.dumps(reply).decode())


def event(data: Mapping[str, Any]) -> Payload:
    """One that can't be read is acknowledged like any other: delivered again it would be the same."""
    try:
        return wire.event(data)
    except Malformed as error:
        log.warning("an event of slack's can't be read", error=str(error))
        return Payload("nothing", data)


def read(text: str | bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def opened(frame: Mapping[str, Any]) -> Envelope | None:
    """None for what needs no acknowledging. Kinds that nobody knows yet are acknowledged, and nothing else."""
    envelope_id = wire.identity(frame.get("envelope_id"))
    if not envelope_id:
        return None
    data = wire.mapped(frame.get("payload"))
    match frame.get("type"):
        case "events_api":
            payload = event(data)
        case "interactive":
            payload = Payload("action", data)
        case "slash_commands":
            payload = Payload("command", {key: value for key, value in data.items() if isinstance(value, str)})
        case _:
            payload = Payload("nothing", data)
    return Envelope(envelope_id, payload, frame.get("accepts_response_payload") is True)
