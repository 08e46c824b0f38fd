"""One visitor on one channel: what each of their frames does, whether it came by WebSocket or by HTTP."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.webchat.inbound import primary, received, started
from connectors.webchat.texts import chosen, texts
from connectors.webchat.tokens import Visitor
from connectors.webchat.wire import (
    Ack,
    ClientFrame,
    Context,
    Delivered,
    Hello,
    Identify,
    Ping,
    Pong,
    Problem,
    Read,
    Renew,
    Resume,
    Send,
    ServerFrame,
    Start,
    StartOver,
    TypingOn,
)
from orchestrator.errors import Malformed, ParleyError, Throttled, Unauthenticated
from orchestrator.http.problems import status_of
from orchestrator.http.webchat.channels import Open, Services
from orchestrator.http.webchat.session import identified, session_shown, started_over
from orchestrator.types import Accepted, Conversation, Received, Started

MINUTE = timedelta(minutes=1)


class Visit:
    """`visitor` changes when they identify or start over; `conversation_id` is "" until there is one."""

    __slots__ = (
        "channel", "context", "conversation_id", "expires", "found", "language", "refused_until", "services", "visitor",
    )  # fmt: skip

    def __init__(self, found: Open, services: Services, token: str, language: str = "") -> None:
        self.channel = found.channel
        self.found = found
        self.services = services
        self.visitor: Visitor
        self.expires = 0.0
        self.conversation_id = ""
        self.language = language
        self.context: Mapping[str, Any] | None = None
        self.refused_until = 0.0
        self.enter(token)

    def enter(self, token: str) -> None:
        """Raises Unauthenticated; also for another visitor's token, once there is one."""
        visitor, expires = self.found.tokens.read_access(token)
        if self.expires and visitor.id != self.visitor.id:
            raise Unauthenticated("this token is another visitor's: open a connection of its own")
        self.visitor, self.expires = visitor, expires

    def check_expiry(self) -> None:
        if self.services.clock.now().timestamp() >= self.expires:
            raise Unauthenticated("the access token has expired: ask for a new session")

    async def find(self) -> Conversation | None:
        found = await self.services.records.find_conversation(self.channel.id, self.visitor.address)
        self.conversation_id = found.id if found else ""
        return found

    async def take(self, frame: ClientFrame) -> Sequence[ServerFrame]:
        """Do what a frame asks. Raises ParleyError."""
        match frame:
            case Send():
                return [await self.say(frame)]
            case Context():
                await self.set_context(frame.context, frame.language)
            case TypingOn():
                await self.type(frame.on)
            case Read():
                await self.mark(read=frame.seq)
            case Delivered():
                await self.mark(delivered=frame.seq)
            case Start():
                await self.start()
            case Identify() | StartOver() | Renew():
                return await self.change(frame)
            case Ping():
                return [Pong()]
            case Hello() | Resume():
                raise Malformed(f"frame 'type': {frame.type!r} has no place here")
        return [Ack()]

    async def change(self, frame: Identify | StartOver | Renew) -> Sequence[ServerFrame]:
        """Who the visitor is."""
        if isinstance(frame, Renew):
            self.enter(frame.token)
            return []
        if isinstance(frame, Identify):
            self.visitor = await identified(self.visitor, frame.jwt, self.found, self.services)
        else:
            self.visitor = await started_over(self.visitor, self.channel, self.services)
        known = await self.find() is not None
        shown = session_shown(self.found.tokens, self.channel, self.visitor, known=known)
        self.expires = self.services.clock.now().timestamp() + shown.expires_in
        return [shown]

    async def say(self, frame: Send) -> Ack:
        settings = self.channel.settings
        event = received(frame, self.visitor, self.found.tokens, self.services.clock, settings.text_max)
        await self.throttle()
        accepted = await self.accept(self.complete(event))
        message = accepted.message
        return Ack(
            client_id=frame.client_id,
            seq=message.seq if message else 0,
            id=message.id if message else "",
            duplicate=accepted.duplicate,
        )

    def complete(self, event: Received) -> Received:
        """With the page the visitor is on, as far as the conversation has not heard of it."""
        context, self.context = event.context if event.context is not None else self.context, None
        return Received(
            address=event.address,
            external_id=event.external_id,
            parts=event.parts,
            at=event.at,
            profile=event.profile,
            context=context,
            language=event.language or primary(self.language),
        )

    async def start(self) -> None:
        if self.channel.settings.bot_greets and await self.find() is None:
            await self.throttle()
            await self.accept(started(self.visitor, self.services.clock, self.language))

    async def accept(self, event: Received | Started) -> Accepted:
        accepted = (await self.services.engine.accept(self.channel.app_id, self.channel.id, [event]))[0]
        self.conversation_id = accepted.conversation.id
        return accepted

    async def throttle(self) -> None:
        """Raises Throttled over the channel's rate. Until the time it gave, nobody is asked again."""
        now = self.services.clock.monotonic()
        wait = self.refused_until - now
        if wait <= 0:
            key = f"webchat:{self.channel.id}:{self.visitor.id}"
            wait = await self.services.bus.take(key, limit=self.channel.rate, per=MINUTE, strict=False)
            self.refused_until = now + wait
        if wait > 0:
            raise Throttled(f"more than {self.channel.rate} messages a minute", retry_after=wait)

    async def set_context(self, context: Mapping[str, Any], language: str) -> None:
        """Kept for the first message when there is no conversation yet."""
        self.language = language or self.language
        conversation = await self.find()
        if conversation is None:
            self.context = context
        elif conversation.context != context:
            await self.services.engine.set_context(
                self.channel.app_id, conversation.id, context, primary(self.language)
            )

    async def type(self, on: bool) -> None:
        if self.conversation_id or await self.find():
            await self.services.engine.typing(
                self.channel.app_id, self.conversation_id, "customer", self.visitor.address, on
            )

    async def mark(self, *, delivered: int = 0, read: int = 0) -> None:
        if self.conversation_id or await self.find():
            await self.services.engine.read_by_customer(
                self.channel.app_id, self.conversation_id, delivered=delivered, read=read
            )

    def problem(self, error: ParleyError, client_id: str = "") -> Problem:
        return problem_frame(error, self.found, self.language, client_id)


def problem_frame(error: ParleyError, found: Open, language: str, client_id: str = "") -> Problem:
    """An error in the customer's words; what happened on our side stays on our side."""
    status, code = status_of(error)
    own = found.channel.settings.texts
    words = texts(chosen(language, found.channel.languages, own), own)
    wait = error.retry_after
    text = words.get(f"error_{code}", words["error_internal"]).replace("{seconds}", str(max(1, round(wait or 1))))
    return Problem(
        code=code,
        text=text,
        detail="" if status == 500 else str(error),
        client_id=client_id,
        retry_after=wait,
    )
