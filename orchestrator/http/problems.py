"""Errors as answers: `{"error": {"code", "message"}}`, with the status errors.py documents and Retry-After where known.

Use `install(app)` on the application, and give it `max_body_size=MAX_BODY`; a route that takes more (an upload) names
its own `max_body_size`, which overrides the application's.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.errors import (
    BotFailed,
    Conflict,
    EngineFailed,
    Forbidden,
    Malformed,
    NotFound,
    ParleyError,
    SendFailed,
    Throttled,
    TooLarge,
    Unauthenticated,
    Unavailable,
)

MAX_BODY = 1_048_576
"""Bytes a request may have where its route names no limit of its own."""

SMALLEST_LIMIT = 32_768
"""No limit is below: requests that announce less are let through without a look at their answer."""

JSON = "application/json"
INTERNAL = (500, "internal", "something went wrong on our side; it has been logged")

log = structlog.get_logger("parley.http")

ERRORS: Mapping[type[ParleyError], tuple[int, str]] = {
    Malformed: (400, "malformed"),
    Unauthenticated: (401, "unauthenticated"),
    Forbidden: (403, "forbidden"),
    NotFound: (404, "not_found"),
    Conflict: (409, "conflict"),
    TooLarge: (413, "too_large"),
    Throttled: (429, "throttled"),
    BotFailed: (502, "bot_failed"),
    EngineFailed: (502, "engine_failed"),
    SendFailed: (502, "send_failed"),
    Unavailable: (503, "unavailable"),
}

CODES: Mapping[int, str] = {
    **dict(ERRORS.values()),
    405: "method_not_allowed",
    415: "unsupported_media_type",
    502: "bad_gateway",
}


def status_of(error: ParleyError) -> tuple[int, str]:
    """HTTP status and code of an error; 500 for those nobody outside can do anything about."""
    for cls in type(error).__mro__:
        if cls in ERRORS:
            return ERRORS[cls]
    return INTERNAL[:2]


def answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    body = orjson.dumps({"error": {"code": code, "message": message, **more}})
    return Response(body, status, dict(headers or {}), JSON)


internal = answer(*INTERNAL)
too_large = answer(413, "too_large", "the request is larger than this address takes")


def problem(error: ParleyError) -> Response:
    """The answer to a deliberate error. What maps to 500 is logged instead of shown."""
    status, code = status_of(error)
    if status == 500:
        log.error("internal error", error=str(error), kind=type(error).__name__)
        return answer(*INTERNAL)
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return answer(status, code, str(error), headers)


async def deliberate(_: HTTPConnection, error: Exception) -> Response:
    return problem(error) if isinstance(error, ParleyError) else answer(*INTERNAL)


async def framework(_: HTTPConnection, error: Exception) -> Response:
    """Starlette's own: no such route, wrong method, a body over its limit."""
    if not isinstance(error, HTTPException):
        return answer(*INTERNAL)
    code = CODES.get(error.status_code, f"http_{error.status_code}")
    if error.status_code == 413:
        return too_large
    return answer(error.status_code, code, str(error.detail), error.headers)


async def invalid(_: HTTPConnection, error: Exception) -> Response:
    """A request that does not fit its schema: each field and what is wrong with it, never the value."""
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    fields = [{"field": place(item["loc"]), "problem": str(item["msg"])} for item in found]
    first = "; ".join(f"{item['field']}: {item['problem']}" for item in fields[:3]) or "the request is malformed"
    return answer(400, "malformed", first, fields=fields[:20])


def place(loc: Iterable[Any]) -> str:
    return ".".join(str(part).encode("utf-8", "replace").decode() for part in loc)


async def unexpected(connection: HTTPConnection, error: Exception) -> Response:
    log.error("unexpected error", path=connection.scope.get("path"), kind=type(error).__name__)
    return answer(*INTERNAL)


class TooLargeInOurForm:
    """Starlette replaces any answer to a declared body over its limit by "Content Too Large" in plain text
    (RequestBodyLimitResponder.send_with_limit, 1.10). This, outside of it, puts that into the form of every error.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or declared(scope) < SMALLEST_LIMIT:
            await self.app(scope, receive, send)
            return
        replaced = False

        async def worded(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] == 413:
                replaced = (b"content-type", b"application/json") not in message["headers"]
                if replaced:
                    await too_large(scope, receive, send)
            if not replaced:
                await send(message)

        await self.app(scope, receive, worded)


def declared(scope: Scope) -> int:
    """Bytes of body the request announces; 0 when it does not."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value[:20]) if value.isdigit() else 0
    return 0


def install(app: Starlette) -> None:
    """Answer every error in this one form."""
    build = app.build_middleware_stack
    setattr(app, "build_middleware_stack", lambda: TooLargeInOurForm(build()))  # noqa: B010 - outside all others
    app.add_exception_handler(ParleyError, deliberate)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, unexpected)
