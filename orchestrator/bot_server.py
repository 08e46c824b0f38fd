"""Asking a bot's server over HTTP, for every backend: in the time a turn has left, and suspicious of every answer.

Errors name the bot and a status, never what the server said: it may repeat a customer's words, or a key.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

import orjson

from orchestrator.errors import BotFailed, BotTimeout, ParleyError, SendFailed, TooLarge, Unanswered
from orchestrator.ports import Clock, Http, HttpResponse, HttpStream
from orchestrator.sending import retry_after

MOST_BYTES = 1_048_576
UNDONE = frozenset({429, 503})
"""Nothing was done: the same request may be sent again."""
PAUSE = 0.2
"""Seconds between tries when the server names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BotServer:
    """One bot's server. `who` is what errors call it: "rasa bot at 'rasa.example.com'".

    `until` is when an answer is no longer wanted. Before that, `retries` more tries follow a 429 or 503, or a request
    that never set out.
    """

    who: str
    http: Http
    clock: Clock
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    trusted: bool = True
    retries: int = 1
    max_bytes: int = MOST_BYTES

    async def post(self, url: str, body: Any, until: datetime, **headers: str) -> Any:
        """The JSON of the answer to this JSON, None when it is empty. Raises BotFailed, BotTimeout."""
        sent = {"content-type": "application/json", **headers}
        return self.read(await self.ask("POST", url, orjson_of(body, self.who), until, sent))

    async def get(self, url: str, until: datetime, **headers: str) -> Any:
        return self.read(await self.ask("GET", url, b"", until, headers))

    async def ask(
        self, method: str, url: str, body: bytes, until: datetime, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """Whatever status it answered with, once there is an answer or no try is left. Raises BotFailed, BotTimeout."""
        remaining = self.remaining(until)
        try:
            async with asyncio.timeout(remaining):
                return await self.tried(method, url, body, {**self.headers, **(headers or {})}, until)
        except TimeoutError:
            raise BotTimeout(f"{self.who} gave no answer in {remaining:.1f} s") from None

    async def tried(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], until: datetime
    ) -> HttpResponse:
        for left in range(self.retries, -1, -1):
            try:
                response = await self.once(method, url, body, headers, self.remaining(until))
            except SendFailed as error:
                arrived = isinstance(error, Unanswered) and method != "GET"
                if not left or not error.retryable or arrived:
                    self.fail(f"can't be reached: {error}")
                pause = error.retry_after or PAUSE
            else:
                wait = retry_after(response.headers, self.clock.now())
                pause = PAUSE if wait is None else wait
                if response.status not in UNDONE or not left or pause >= self.remaining(until):
                    return response
            await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    async def once(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], remaining: float
    ) -> HttpResponse:
        try:
            return await self.http.request(
                method,
                url,
                headers={"accept": "application/json", **headers},
                body=body,
                timeout=remaining + 1,  # ours, around all tries, rings first
                max_bytes=self.max_bytes,
                trusted=self.trusted,
                redirects=False,
            )
        except SendFailed:
            raise
        except TooLarge:
            self.fail(f"answered with more than {self.max_bytes} bytes")
        except ParleyError as error:
            self.fail(f"was not asked: {error}")

    @asynccontextmanager
    async def stream(self, url: str, body: Any, until: datetime, **headers: str) -> AsyncIterator[HttpStream]:
        """POST, and read the answer as it comes, inside the context. Raises BotFailed, BotTimeout."""
        remaining = self.remaining(until)
        ends = asyncio.get_running_loop().time() + remaining
        try:
            async with self.http.stream(
                "POST",
                url,
                headers={"accept": "text/event-stream", "content-type": "application/json", **self.headers, **headers},
                body=orjson_of(body, self.who),
                timeout=remaining,
                max_bytes=self.max_bytes,
                trusted=self.trusted,
            ) as response:
                yield response
        except SendFailed as error:
            if asyncio.get_running_loop().time() >= ends:
                raise BotTimeout(f"{self.who} gave no whole answer in {remaining:.1f} s") from None
            broke = "broke off its answer" if isinstance(error, Unanswered) else f"can't be reached: {error}"
            self.fail(broke, error.retry_after)
        except TooLarge:
            self.fail(f"answered with more than {self.max_bytes} bytes")

    def read(self, response: HttpResponse) -> Any:
        """Raises BotFailed unless it is a success whose body is JSON, or empty (None)."""
        self.check(response.status, response.headers)
        return self.parsed(response.body) if response.body.strip() else None

    def parsed(self, body: bytes) -> Any:
        """Raises BotFailed."""
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            self.fail(f"answered something that is not JSON{', but HTML' if b'<html' in body[:1000].lower() else ''}")

    def check(self, status: int, headers: Mapping[str, str]) -> None:
        """Raises BotFailed for anything but a success."""
        match status:
            case _ if 200 <= status < 300:
                return
            case 429:
                self.fail("is throttling (429)", retry_after(headers, self.clock.now()) or PAUSE)
            case 401 | 403:
                self.fail(f"refused our credentials ({status})")
            case _ if 300 <= status < 400:
                self.fail(f"redirects ({status}); configure the address it moved to")
            case _:
                self.fail(f"answered {status}", retry_after(headers, self.clock.now()))

    def remaining(self, until: datetime) -> float:
        """Seconds. Raises BotTimeout when there are none."""
        seconds = (until - self.clock.now()).total_seconds()
        if seconds <= 0:
            raise BotTimeout(f"{self.who} was not asked: the deadline had passed")
        return seconds

    def fail(self, what: str, retry_after: float | None = None) -> NoReturn:
        raise BotFailed(f"{self.who} {what}", retry_after=retry_after) from None


def orjson_of(body: Any, who: str) -> bytes:
    """Raises BotFailed for what no JSON can carry: half a character, say."""
    try:
        return orjson.dumps(body, default=plain)
    except TypeError:
        raise BotFailed(f"{who} was not asked: the turn holds something JSON can't carry") from None


def plain(value: object) -> object:
    """What orjson leaves to us. Raises TypeError."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError


def header(headers: Mapping[str, str], name: str) -> str:
    """Whatever the case the server wrote it in."""
    return next((value for key, value in headers.items() if key.lower() == name), "")


def list_of(value: Any, name: str, who: str) -> list[Any]:
    """Raises BotFailed, naming what came, unless it is a list."""
    if not isinstance(value, list):
        raise BotFailed(f"{who} answered with {name} that is {type(value).__name__!r}, not a list")
    return value


def dict_of(value: Any, name: str, who: str) -> dict[str, Any]:
    """Raises BotFailed, naming what came, unless it is an object."""
    if not isinstance(value, dict):
        raise BotFailed(f"{who} answered with {name} that is {type(value).__name__!r}, not an object")
    return value
