"""Sessions: a new or returning visitor, who they are, and how the chat looks and speaks."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from connectors.webchat.texts import chosen, texts
from connectors.webchat.tokens import Tokens, Visitor, new_visitor, read_identity, visitor_of
from connectors.webchat.wire import SessionRequest, SessionShown, read_session
from orchestrator.errors import Conflict, Throttled, TooLarge
from orchestrator.http.webchat.channels import Open, Services, WebChannel
from orchestrator.http.webchat.crowd import public
from orchestrator.types import Conversation

SESSIONS_PER_MINUTE = 60
"""From one public address."""

MOST_GENERATIONS = 64


class Sessions:
    def __init__(self, services: Services, modules: Sequence[str]) -> None:
        self.services = services
        self.modules = modules

    async def config(self, request: Request, found: Open) -> Response:
        """What a page needs before anybody has said anything. `lang` is the customer's languages, best first."""
        wanted = request.query_params.get("lang", "")[:200]
        headers = {"Cache-Control": "public, max-age=60"}
        return json_response(await self.look(found.channel, wanted), headers)

    async def session(self, request: Request, found: Open) -> Response:
        await self.admit(request, found.channel)
        asked = read_session(await body(request, found.channel.max_bytes))
        visitor = await arriving(asked, found, self.services)
        conversation = await self.services.records.find_conversation(found.channel.id, visitor.address)
        shown = session_shown(found.tokens, found.channel, visitor, known=conversation is not None)
        return json_response({**await self.look(found.channel, asked.language), **shown.model_dump(exclude={"type"})})

    async def look(self, channel: WebChannel, wanted: str) -> dict[str, Any]:
        """With the greeting in the customer's language, by an engine where nobody wrote it in that one."""
        shown = look(channel, wanted, self.modules)
        written, greeting = channel.settings.greeting_for(shown["language"], channel.pivot)
        if greeting and written != shown["language"]:
            engine = self.services.engine
            greeting = await engine.worded(channel.app_id, greeting, written, shown["language"])
        return {**shown, "greeting": greeting}

    async def admit(self, request: Request, channel: WebChannel) -> None:
        """Raises Throttled when one public address opens sessions by the dozen."""
        host = request.client.host if request.client else ""
        if not public(host):
            return
        key = f"webchat-session:{channel.id}:{host}"
        wait = await self.services.bus.take(key, limit=SESSIONS_PER_MINUTE, per=timedelta(minutes=1))
        if wait:
            raise Throttled("too many chats were opened from this address", retry_after=wait)


async def arriving(asked: SessionRequest, found: Open, services: Services) -> Visitor:
    """Raises Unauthenticated for tokens that don't hold, Conflict for starting over in front of a person."""
    visitor = found.tokens.read_resume(asked.resume) if asked.resume else None
    if asked.identity:
        visitor = await identified(visitor, asked.identity, found, services)
    visitor = visitor or new_visitor()
    return await started_over(visitor, found.channel, services) if asked.start_over else visitor


async def identified(visitor: Visitor | None, token: str, found: Open, services: Services) -> Visitor:
    """The visitor as the shop's server names them.

    Somebody who already talks keeps the conversation, now under their name. Otherwise, or when the browser was
    another person's, it is the person's own visitor: the same on each of their devices.
    """
    secret = found.channel.settings.identity_secret.get_secret_value()
    identity = read_identity(token, secret, services.clock)
    if visitor is not None:
        talks = await services.records.find_conversation(found.channel.id, visitor.address) is not None
        if visitor.subject == identity.subject or (not visitor.subject and talks):
            return Visitor(
                id=visitor.id, generation=visitor.generation, subject=identity.subject, profile=identity.profile
            )
    return await latest(visitor_of(identity, secret), found.channel, services)


async def latest(visitor: Visitor, channel: WebChannel, services: Services) -> Visitor:
    """A person may have started over on another device: their newest conversation counts."""
    for _ in range(MOST_GENERATIONS):
        newer = visitor.started_over()
        if await services.records.find_conversation(channel.id, newer.address) is None:
            return visitor
        visitor = newer
    return visitor


async def started_over(visitor: Visitor, channel: WebChannel, services: Services) -> Visitor:
    """Raises Conflict while a person has the case, or is asked for: they would talk to nobody."""
    conversation = await services.records.find_conversation(channel.id, visitor.address)
    if conversation is None:
        return visitor
    if with_people(conversation):
        raise Conflict("a person has this conversation: it ends before a new one begins")
    return visitor.started_over()


def with_people(conversation: Conversation) -> bool:
    return conversation.controller.kind == "desk" or conversation.handoff is not None


def session_shown(tokens: Tokens, channel: WebChannel, visitor: Visitor, *, known: bool) -> SessionShown:
    return SessionShown(
        token=tokens.access(visitor),
        expires_in=channel.settings.token_minutes * 60,
        resume=tokens.resume(visitor),
        known=known,
    )


def look(channel: WebChannel, wanted: str, modules: Sequence[str]) -> dict[str, Any]:
    settings = channel.settings
    language = chosen(wanted, channel.languages, settings.texts)
    return {
        "channel": channel.id,
        "name": settings.name or channel.name,
        "language": language,
        "theme": {
            "color": settings.color,
            "logo": settings.logo,
            "scheme": settings.theme,
            "position": settings.position,
        },
        "bot_greets": settings.bot_greets,
        "identifies": bool(settings.identity_secret.get_secret_value()),
        "text_max": settings.text_max,
        "upload": settings.upload.model_dump(),
        "texts": dict(texts(language, settings.texts)),
        "modules": list(modules),
    }


async def body(request: Request, most: int) -> bytes:
    """Raises TooLarge as soon as the body passes `most` bytes."""
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise TooLarge(f"the request has more than {most} bytes")
    return data


def json_response(value: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), headers=headers, media_type="application/json")
