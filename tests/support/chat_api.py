"""An OpenAI-compatible chat API on loopback, as strict about requests as OpenAI's, answering what a test scripted."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

from tests.support.site import listening

KEY = "sk-s3cret"
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
JSON = "application/json"


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}


def event(value: Any) -> bytes:
    data = value if isinstance(value, str) else orjson.dumps(value).decode()
    return f"data: {data}\n\n".encode()


def saying(*words: str, finish: str = "stop", usage: bool = True) -> list[bytes]:
    """A stream of these words, one event each."""
    events = [event(chunk({"role": "assistant", "content": ""})), *(event(chunk({"content": word})) for word in words)]
    events.append(event(chunk({}, finish)))
    if usage:
        events.append(event({"id": "c1", "object": "chat.completion.chunk", "choices": [], "usage": USAGE}))
    return [*events, event("[DONE]")]


def calling(*calls: tuple[str, Any], words: str = "") -> list[bytes]:
    """A stream of tool calls, their arguments cut in two; a string goes as it is."""
    events = [event(chunk({"content": words}))] if words else []
    for index, (name, arguments) in enumerate(calls):
        text = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
        half = len(text) // 2
        opening = {
            "index": index,
            "id": f"call_{index}",
            "type": "function",
            "function": {"name": name, "arguments": ""},
        }
        events.append(event(chunk({"tool_calls": [opening]})))
        for piece in (text[:half], text[half:]):
            events.append(event(chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})))
    return [*events, event(chunk({}, "tool_calls")), event({"choices": [], "usage": USAGE}), event("[DONE]")]


def whole(content: str | None, **message: Any) -> web.Response:
    """One JSON, as servers that ignore "stream" answer."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content, **message}}
    return web.json_response({"id": "c1", "choices": [choice], "usage": USAGE})


def refusing(status: int, error: dict[str, Any] | None = None, **headers: str) -> web.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response({"error": error or {"message": "my secret words"}}, status=status, headers=sent)


class ChatApi:
    """`answers` in order: pieces of a stream, or a whole response. `pieces` cuts streams into so many bytes."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: deque[list[bytes] | web.Response] = deque()
        self.asked: list[dict[str, Any]] = []
        self.cut = 0
        self.hold: asyncio.Event | None = None
        self.breaks = False

    async def completions(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return refusing(401, {"message": "Incorrect API key", "code": "invalid_api_key"})
        asked = await request.json()
        self.asked.append(asked)
        if problem := wrong(asked):
            return refusing(400, {"message": problem, "type": "invalid_request_error"})
        answer = self.answers.popleft()
        if isinstance(answer, web.Response):
            return answer
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        for place, piece in enumerate(self.pieces(answer)):
            await response.write(piece)
            if place == 2 and self.hold is not None:
                await self.hold.wait()
        if self.breaks and request.transport is not None:
            request.transport.abort()
        return response

    def pieces(self, answer: list[bytes]) -> list[bytes]:
        if not self.cut:
            return answer
        data = b"".join(answer)
        return [data[at : at + self.cut] for at in range(0, len(data), self.cut)]

    async def models(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return refusing(401)
        return web.json_response({"object": "list", "data": [{"id": "small"}, {"id": "large"}]})


def wrong(asked: dict[str, Any]) -> str:
    """Why OpenAI would not take it; "" when it would."""
    if not asked.get("model") or not asked.get("messages"):
        return "model and messages are required"
    calls: set[str] = set()
    for message in asked["messages"]:
        role = message.get("role")
        if role not in ("system", "user", "assistant", "tool"):
            return f"no role {role}"
        if role == "assistant":
            calls = {call["id"] for call in message.get("tool_calls", [])}
        if role == "tool" and message.get("tool_call_id") not in calls:
            return "a tool message must follow the call it answers"
        if role != "assistant" and not message.get("content"):
            return "content is required"
    for tool in asked.get("tools", []):
        if tool["type"] != "function" or tool["function"]["parameters"]["type"] != "object":
            return "a tool's parameters are an object"
    return ""


@asynccontextmanager
async def chat_api(*answers: list[bytes] | web.Response) -> AsyncIterator[ChatApi]:
    api = ChatApi()
    api.answers.extend(answers)
    routes = (web.post("/v1/chat/completions", api.completions), web.get("/v1/models", api.models))
    async with listening(*routes) as url:
        api.url = f"{url}/v1"
        try:
            yield api
        finally:
            if api.hold is not None:
                api.hold.set()
