"""One open WebSocket as the web chat uses it."""

import contextlib

from starlette.types import Message, Receive, Send

from connectors.webchat.wire import ServerFrame


class Line:
    """A WebSocket on which sending to somebody who has left is no error.

    Straight on ASGI: Starlette's WebSocket would stay as long as the page is open, and wait in one more place.
    """

    __slots__ = ("closed", "left", "receive_event", "send_event")

    def __init__(self, receive: Receive, send: Send) -> None:
        self.receive_event = receive
        self.send_event = send
        self.closed = False
        self.left = False

    async def accept(self) -> None:
        await self.receive_event()  # websocket.connect, always the first
        await self.tell({"type": "websocket.accept"})

    async def receive(self) -> str | bytes | None:
        """The next frame; None once the other side is gone."""
        if self.left:
            return None
        message = await self.receive_event()
        if message["type"] == "websocket.receive":
            data: str | bytes | None = message.get("text")
            return data if data is not None else message.get("bytes") or b""
        self.left = True
        return None

    async def send(self, frame: ServerFrame) -> None:
        await self.tell({"type": "websocket.send", "text": frame.model_dump_json()})

    async def close(self, code: int, reason: str = "") -> None:
        # A close frame has 123 bytes for its reason (RFC 6455 §5.5).
        short = reason.encode()[:120].decode(errors="ignore")
        await self.tell({"type": "websocket.close", "code": code, "reason": short})
        self.closed = True

    async def tell(self, message: Message) -> None:
        if self.closed or self.left:
            return
        # What a server raises for somebody who has left (ASGI 2.4).
        with contextlib.suppress(OSError):
            await self.send_event(message)
            return
        self.closed = True
