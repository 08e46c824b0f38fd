"""A chat completion as it comes: server-sent events, or one JSON. Collected, every field suspected.

platform.openai.com/docs/api-reference/chat-streaming; compatible servers leave out or add fields, send usage or
not, end without [DONE], or ignore "stream" and answer with one JSON.
"""

import codecs
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from orchestrator.errors import BotFailed

MOST_CALLS = 16
LONGEST_CALL = 65_536
LONGEST_TEXT = 32_000
LONGEST_LINE = 1_000_000
DONE = {"choices": [{"finish_reason": "stop"}]}
"""What [DONE] means to who gave no other reason for the end."""


@dataclass(slots=True)
class Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class Completion:
    """`finish` is "" until the model says why it stopped; `tokens`, sent and received, by the server's count."""

    text: str = ""
    refusal: str = ""
    calls: dict[int, Call] = field(default_factory=dict)
    finish: str = ""
    tokens: tuple[int, int] | None = None

    def take(self, chunk: Any, who: str) -> bool:
        """Add a chunk of a stream, or a whole completion; whether there are more words now. Raises BotFailed."""
        if not isinstance(chunk, dict):
            raise BotFailed(f"{who} answered with a chunk that is {type(chunk).__name__!r}, not an object")
        if chunk.get("error"):
            raise BotFailed(f"{who} reported an error in its answer{named(chunk['error'])}")
        self.count(chunk.get("usage"))
        choices = chunk.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(first, dict):
            return False
        self.finish = str(self.finish or first.get("finish_reason") or "")
        said = first.get("delta") or first.get("message")
        return self.add(said, who) if isinstance(said, dict) else False

    def add(self, said: dict[str, Any], who: str) -> bool:
        text, refusal = said.get("content"), said.get("refusal")
        self.text += text if isinstance(text, str) else ""
        self.refusal += refusal if isinstance(refusal, str) else ""
        calls = said.get("tool_calls")
        for place, each in enumerate(calls if isinstance(calls, list) else []):
            if isinstance(each, dict):
                self.call(place, each)
        grown = sum(len(call.arguments) for call in self.calls.values())
        if len(self.text) + len(self.refusal) > LONGEST_TEXT or grown > LONGEST_CALL or len(self.calls) > MOST_CALLS:
            raise BotFailed(f"{who} answered without end")
        return bool(text)

    def call(self, place: int, each: dict[str, Any]) -> None:
        index = each.get("index")
        call = self.calls.setdefault(index if isinstance(index, int) else place, Call())
        function = each.get("function")
        given = function if isinstance(function, dict) else {}
        call.id = call.id or str(each.get("id") or "")[:200]
        call.name += str(given.get("name") or "")[:200]
        arguments = given.get("arguments")
        # Some servers send arguments as an object instead of its JSON.
        call.arguments += (
            arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode() if arguments else ""
        )

    def count(self, usage: Any) -> None:
        if isinstance(usage, dict):
            sent, received = usage.get("prompt_tokens"), usage.get("completion_tokens")
            if isinstance(sent, int) and isinstance(received, int) and sent >= 0 and received >= 0:
                self.tokens = (sent, received)


async def events(pieces: AsyncIterable[bytes], who: str) -> AsyncIterator[Any]:
    """The JSON of each event, whatever the pieces are cut into. Raises BotFailed."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    held = ""
    async for piece in pieces:
        *lines, held = (held + decoder.decode(piece)).split("\n")
        if len(held) > LONGEST_LINE:
            raise BotFailed(f"{who} answered with a line of more than {LONGEST_LINE} characters")
        for line in lines:
            if (data := data_of(line)) == "[DONE]":
                yield DONE
                return
            if data:
                yield parsed(data, who)
    if data := data_of(held):
        yield DONE if data == "[DONE]" else parsed(data, who)


def data_of(line: str) -> str:
    """ "" for comments, which keep the line open, and for fields nobody needs."""
    return line.removeprefix("data:").strip() if line.startswith("data:") else ""


def parsed(data: str, who: str) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise BotFailed(f"{who} answered with an event that is not JSON") from None


def named(error: Any) -> str:
    """Its code, where it is one: never its words."""
    code = (error.get("code") or error.get("type")) if isinstance(error, dict) else None
    sound = isinstance(code, str) and len(code) <= 60 and code.replace("_", "").isalnum()
    return f" ({code})" if sound else ""


def too_long(error: Any) -> bool:
    """Whether more was sent than the model has room for: OpenAI's code, vLLM's and llama.cpp's words."""
    if not isinstance(error, dict):
        return False
    words = str(error.get("message", "")).lower()
    return (
        error.get("code") == "context_length_exceeded"
        or error.get("type") == "exceed_context_size_error"
        or "maximum context length" in words
        or "context size" in words
    )
