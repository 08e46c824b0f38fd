"""The same frames over plain HTTP, for networks without WebSockets; and files and history, which always come so."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from connectors.webchat.wire import Ready, ServerFrame, TypingShown, client_id_of, read_frame
from orchestrator.errors import Forbidden, Malformed, ParleyError, Throttled, Unauthenticated
from orchestrator.http.media import check_upload
from orchestrator.http.problems import status_of
from orchestrator.http.webchat.channels import Open, Services
from orchestrator.http.webchat.crowd import Crowd
from orchestrator.http.webchat.feed import PAGE, Feed
from orchestrator.http.webchat.session import body, json_response
from orchestrator.http.webchat.visit import Visit
from orchestrator.types import Media

POLL_SECONDS = 25.0
MINUTE = timedelta(minutes=1)
FRAMES_PER_MINUTE = 240
"""Frames of one visitor over HTTP, whatever they say."""


class Fallback:
    def __init__(self, services: Services, crowd: Crowd) -> None:
        self.services = services
        self.crowd = crowd

    async def messages(self, request: Request, found: Open) -> Response:
        """One frame in, its answer out. Refused frames get the status of their error, and the same error frame."""
        visit = entered(request, found, self.services)
        data = await body(request, found.channel.max_bytes)
        try:
            await self.allow(visit)
            frames = await visit.take(read_frame(data))
        except ParleyError as error:
            problem = visit.problem(error, client_id_of(data))
            status, code = status_of(error)
            response = json_response(
                {"frames": [problem.model_dump()], "error": {"code": code, "message": problem.detail}}
            )
            response.status_code = status
            if error.retry_after is not None:
                response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
            return response
        return answered(frames)

    async def allow(self, visit: Visit) -> None:
        key = f"webchat-frames:{visit.channel.id}:{visit.visitor.id}"
        wait = await self.services.bus.take(key, limit=FRAMES_PER_MINUTE, per=MINUTE)
        if wait:
            raise Throttled("too many frames a minute", retry_after=wait)

    async def events(self, request: Request, found: Open) -> Response:
        """What is new after `after`, as soon as there is something; `v` is what the last answer's `v` was."""
        visit = entered(request, found, self.services)
        after, known = number(request, "after"), request.query_params.get("v", "")
        host = request.client.host if request.client else ""
        with self.crowd.joined(found.channel, visit.visitor.id, host):
            conversation = await visit.find()
            if conversation is None:
                return polled([Ready()], "")
            async with self.services.bus.subscribe(found.channel.app_id, conversation.id) as news:
                feed = Feed(self.services, conversation, after)
                ready = await feed.ready()
                if ready.messages or (ready.fresh and after) or version(feed) != known:
                    return polled([ready], version(feed))
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        async for live in news:
                            # A request for every word of a draft would be too many: who polls sees the whole answer.
                            if frames := [
                                one for one in await feed.hear(live) if not (isinstance(one, TypingShown) and one.text)
                            ]:
                                return polled(frames, version(feed))
                except TimeoutError:
                    pass
                return polled([], version(feed))

    async def history(self, request: Request, found: Open) -> Response:
        """Messages before `before`, oldest first."""
        visit = entered(request, found, self.services)
        before = number(request, "before")
        if not before:
            raise Malformed("'before' must be the 'seq' of the oldest message you have")
        conversation = await visit.find()
        if conversation is None:
            return json_response({"messages": [], "more": False})
        feed = Feed(self.services, conversation, 0)
        messages = await self.services.records.messages(conversation.id, before=before, limit=PAGE, public=True)
        shown = [(await feed.show(message)).model_dump(mode="json") for message in messages]
        return json_response({"messages": shown, "more": len(messages) == PAGE})

    async def upload(self, request: Request, found: Open) -> Response:
        """The body is the file as it is; the answer's `upload` stands for it in a `send` frame."""
        visit = entered(request, found, self.services)
        upload = found.channel.settings.upload
        if not upload.enabled:
            raise Forbidden("this channel takes no files")
        await visit.throttle()
        data = await body(request, upload.max_bytes)
        checked = check_upload(
            data,
            request.headers.get("content-type", ""),
            request.query_params.get("name", "")[:255],
            max_bytes=upload.max_bytes,
            allowed=upload.types,
        )
        url = await self.services.files.put(found.channel.app_id, data, name=checked.name, mime=checked.mime)
        media = Media(url=url, media=checked.kind, mime=checked.mime, name=checked.name, size=len(data))
        part = {"kind": "media", "url": url, "media": media.media, "mime": media.mime, "name": media.name}
        return json_response(
            {"upload": found.tokens.upload(visit.visitor, media), "part": {**part, "size": media.size, "alt": ""}}
        )


def entered(request: Request, found: Open, services: Services) -> Visit:
    """Raises Unauthenticated. The token travels in a header, never in an address that somebody logs."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("send the session's token: 'Authorization: Bearer …'")
    visit = Visit(found, services, token.strip())
    visit.check_expiry()
    return visit


def number(request: Request, name: str) -> int:
    """Raises Malformed."""
    value = request.query_params.get(name, "0")
    if not value.isascii() or not value.isdecimal() or len(value) > 15:
        raise Malformed(f"{name!r} must be a number")
    return int(value)


def version(feed: Feed) -> str:
    """Changes whenever state or marks do."""
    standing = feed.state.model_dump_json() + feed.marks.model_dump_json()
    return hashlib.sha256(standing.encode()).hexdigest()[:16]


def answered(frames: Sequence[ServerFrame]) -> Response:
    return json_response({"frames": [frame.model_dump(mode="json") for frame in frames]})


def polled(frames: Sequence[ServerFrame], now: str) -> Response:
    return json_response({"frames": [frame.model_dump(mode="json") for frame in frames], "v": now})
