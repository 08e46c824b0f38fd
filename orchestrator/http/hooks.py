"""Where platforms deliver: `/hooks/{channel}`. A plain ASGI endpoint, because this is the hot path.

read (capped) → connector.verify → connector.parse → bus.take per customer → engine.accept → connector.answer
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from urllib.parse import parse_qsl

import structlog
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestrator.errors import Malformed, NotFound, ParleyError, Throttled, TooLarge
from orchestrator.http.problems import internal, problem
from orchestrator.http.replies import AnsweringConnector, Replies
from orchestrator.ports import Answering, Bus, Connector
from orchestrator.types import (
    Accepted,
    Deleted,
    Edited,
    Inbound,
    RawRequest,
    RawResponse,
    Reacted,
    Received,
    Started,
)

PREFIX = "/hooks/"
METHODS = ("GET", "HEAD", "POST")
MINUTE = timedelta(minutes=1)
MOST = 104_857_600
"""Bytes: more than any channel may be set to take."""
ALIVE = RawResponse()
"""Some platforms only look, with a HEAD, whether anybody is there, before they let an address be saved."""
SPOKEN = (Received, Started, Edited, Deleted, Reacted)
"""What a customer does, and may flood us with; everything else is the platform's own doing."""


log = structlog.get_logger("parley.hooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class HookChannel:
    """A channel as its hook needs it: `rate` in requests a minute about one customer, `max_bytes` of one request.

    `public_url` is how the outside reaches this server.
    """

    app_id: str
    id: str
    connector: Connector
    rate: int = 30
    max_bytes: int = 65536
    public_url: str = ""
    answering: AnsweringConnector | None = field(init=False)
    """The connector itself, where its platform wants the messages in the answer."""

    def __post_init__(self) -> None:
        # Looked at once: `isinstance` of a Protocol takes 30 µs, which every delivery would pay.
        connector = self.connector
        object.__setattr__(self, "answering", connector if isinstance(connector, Answering) else None)


class Intake(Protocol):
    """What the engine is to a hook: durable when it returns."""

    async def accept(self, app_id: str, channel_id: str, events: Sequence[Inbound]) -> Sequence[Accepted]: ...


class Hooks:
    """The ASGI endpoint of `/hooks/{channel_id}`, and of whatever a platform's own clients put behind that."""

    def __init__(
        self, channels: Mapping[str, HookChannel], engine: Intake, bus: Bus, replies: Replies | None = None
    ) -> None:
        self.channels = channels
        self.engine = engine
        self.bus = bus
        self.replies = replies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.deliver(scope["path_params"]["channel_id"], scope, receive, send)

    async def deliver(self, channel_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self.receive(channel_id, scope, receive)
        except ParleyError as error:
            await problem(error)(scope, receive, send)
            return
        except Exception:
            log.exception("a delivery broke", channel_id=channel_id)
            await internal(scope, receive, send)
            return
        headers = [(b"content-type", answer.media_type.encode()), (b"content-length", b"%d" % len(answer.body))]
        headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    async def receive(self, channel_id: str, scope: Scope, receive: Receive) -> RawResponse:
        channel = self.channels.get(channel_id.partition("/")[0])
        if channel is None:
            raise NotFound(f"there is no channel {channel_id!r} to deliver to")
        if scope["method"] == "HEAD":
            return ALIVE
        request = await read(scope, receive, channel)
        await channel.connector.verify(request)
        events = channel.connector.parse(request)
        allowed, wait = await self.within_rate(channel, events)
        accepted = await self.engine.accept(channel.app_id, channel.id, allowed) if allowed else ()
        if wait:
            raise Throttled(
                f"channel {channel.id!r}: more than {channel.rate} requests a minute about one customer",
                retry_after=wait,
            )
        if accepted and self.replies is not None and channel.answering is not None:
            return await self.replies.answer(channel.app_id, channel.answering, request, accepted[0])
        return channel.connector.answer(request)

    async def within_rate(self, channel: HookChannel, events: Sequence[Inbound]) -> tuple[Sequence[Inbound], float]:
        """The events that may pass now, and the seconds until the others may.

        A batch passes or waits by customer, so nobody waits for somebody else. What waits is refused with 429 and comes
        again with the whole batch; what was accepted is then a duplicate. A customer costs one use a request, however
        many lines it holds: charged by the line, a batch refused half way would use up the allowance of its own retry.
        """
        addresses = sorted(customers(events))
        if len(addresses) == 1:
            waits = {addresses[0]: await self.take(channel, addresses[0])}
        else:
            taken = await asyncio.gather(*(self.take(channel, address) for address in addresses))
            waits = dict(zip(addresses, taken, strict=True))
        longest = max(waits.values(), default=0.0)
        if not longest:
            return events, 0.0
        return [event for event in events if not isinstance(event, SPOKEN) or not waits[event.address]], longest

    async def take(self, channel: HookChannel, address: str) -> float:
        return await self.bus.take(f"hook:{channel.id}:{address}", limit=channel.rate, per=MINUTE, strict=False)


def customers(events: Sequence[Inbound]) -> set[str]:
    return {event.address for event in events if isinstance(event, SPOKEN)}


async def read(scope: Scope, receive: Receive, channel: HookChannel) -> RawRequest:
    """The request as it arrived. Raises TooLarge as soon as the body passes the channel's limit."""
    headers = headers_of(scope["headers"])
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > channel.max_bytes:
        raise too_large(channel)
    body = await read_body(receive, channel)
    query = scope["query_string"]
    return RawRequest(
        method=scope["method"],
        path=scope["path"],
        headers=headers,
        query=dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else {},
        body=body,
        url=address(scope, channel),
    )


def address(scope: Scope, channel: HookChannel) -> str:
    """The URL as the platform has it, for signatures that cover it: never from what a request says of itself."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return channel.public_url + (path + b"?" + query if query else path).decode("latin-1")


async def read_body(receive: Receive, channel: HookChannel) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed("the connection closed before the request was complete")
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > channel.max_bytes:
            raise too_large(channel)
        chunks.append(chunk)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def headers_of(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """By lower-case name; repeated ones joined with ", " (RFC 9110 §5.3)."""
    headers: dict[str, str] = {}
    for key, value in raw:
        name, text = key.decode("latin-1"), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


def too_large(channel: HookChannel) -> TooLarge:
    return TooLarge(f"channel {channel.id!r} takes requests of at most {channel.max_bytes} bytes")


class HooksFirst:
    """An application with its hooks in front of it: a delivery skips its middleware and routing, which cost more than
    everything else here (40 of 80 µs, FastAPI 0.165). What is not a delivery is the application's, also a wrong method.
    """

    def __init__(self, app: ASGIApp, hooks: Hooks) -> None:
        self.app = app
        self.hooks = hooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX) and scope["method"] in METHODS:
            await self.hooks.deliver(scope["path"][len(PREFIX) :], scope, receive, send)
        else:
            await self.app(scope, receive, send)


def routes(
    channels: Mapping[str, HookChannel], engine: Intake, bus: Bus, replies: Replies | None = None
) -> list[Route]:
    """Put these first: routes are tried in order."""
    hooks = Hooks(channels, engine, bus, replies)
    # Each channel has its own limit; the application's must not cut off one that takes more.
    return [Route(PREFIX + "{channel_id:path}", hooks, methods=METHODS, max_body_size=MOST, name="hooks")]
