"""The call: signed, retried while the deadline allows, and suspicious of every answer."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import NoReturn
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bots.webhook import wire
from bots.webhook.tamper import tampered
from orchestrator import answers, signing
from orchestrator.errors import BotFailed, BotLater, BotTimeout, Malformed, ParleyError, SendFailed, TooLarge
from orchestrator.ports import Bot, Clock, Files, Http, HttpResponse, Tampering
from orchestrator.types import Action, Turn
from orchestrator.web_address import OpenAddress

MOST_BYTES = 1_048_576
WORTH_A_RETRY = frozenset({429, 502, 503, 504})
PAUSE = 0.2
"""Seconds between tries when the bot names none."""


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    url: OpenAddress = Field(description="Where turns are POSTed.")
    secret: SecretStr | tuple[SecretStr, ...] = Field(
        description="whsec_… that signs them; a list signs with each, for changing secrets."
    )
    headers: Mapping[str, SecretStr] = Field(default_factory=dict, description="Sent along, an Authorization perhaps.")
    language: str = Field("en", description="The language the bot is written in; empty: it answers in the customer's.")
    trusted: bool = Field(
        True, description="Whether the address may be private, such as 127.0.0.1; never for one that came over the API."
    )
    retries: int = Field(1, ge=0, le=5, description="More tries after a 429, 502, 503, 504 or no connection.")
    later_seconds: float = Field(300.0, gt=0, description="The longest a bot that answered 202 may take.")


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    """Raises Misconfigured when a secret is none."""
    del files
    return WebhookBot(settings, clock, http)


class WebhookBot:
    def __init__(self, settings: Settings, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.language = settings.language
        self.clock = clock
        self.http = http
        self.host = urlsplit(settings.url).netloc
        secrets = settings.secret if isinstance(settings.secret, tuple) else (settings.secret,)
        self.keys = [
            signing.key(secret.get_secret_value(), f"webhook bot at {self.host!r}: secret") for secret in secrets
        ]

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    async def reply(self, turn: Turn) -> AsyncGenerator[Action, None]:
        remaining = (turn.deadline - self.clock.now()).total_seconds()
        if remaining <= 0:
            raise BotTimeout(f"webhook bot at {self.host!r} was not asked: the deadline had passed")
        try:
            async with asyncio.timeout(remaining):
                response = await self.ask(turn, self.encoded(turn), remaining)
        except TimeoutError:
            raise BotTimeout(f"webhook bot at {self.host!r} gave no answer in {remaining:.1f} s") from None
        for action in self.read(response, turn):
            yield action

    def encoded(self, turn: Turn) -> bytes:
        try:
            return wire.encode(turn)
        except ValueError:
            self.fail("was not asked: the turn holds text that is not valid Unicode")

    async def ask(self, turn: Turn, body: bytes, remaining: float) -> HttpResponse:
        """POST until there is an answer or no try is left. Every try has the same webhook-id and a fresh signature."""
        for left in range(self.settings.retries, -1, -1):
            try:
                response = await self.post(turn, body, remaining)
            except SendFailed as error:
                if not (left and error.retryable):
                    self.fail(f"can't be reached: {error}")
                pause = error.retry_after or PAUSE
            else:
                if response.status not in WORTH_A_RETRY or not left:
                    return response
                pause = retry_after(response)
                if pause >= remaining:
                    return response
            await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    async def post(self, turn: Turn, body: bytes, remaining: float) -> HttpResponse:
        headers = self.headers(turn, signing.sign(self.keys, turn.id, self.clock.now(), body))
        try:
            return await self.http.request(
                "POST",
                self.settings.url,
                headers=headers,
                body=body,
                timeout=remaining + 1,  # ours, around all tries, rings first
                max_bytes=MOST_BYTES,
                trusted=self.settings.trusted,
                redirects=False,
            )
        except SendFailed:
            raise
        except TooLarge:
            self.fail(f"answered with more than {MOST_BYTES} bytes")
        except ParleyError as error:
            self.fail(f"was not asked: {error}")

    def headers(self, turn: Turn, signed: Mapping[str, str]) -> dict[str, str]:
        return {
            **{name: value.get_secret_value() for name, value in self.settings.headers.items()},
            **signed,
            "content-type": "application/json",
            "accept": "application/json",
            "parley-deadline": turn.deadline.isoformat(),
        }

    async def tamper(self, turn: Turn, how: Tampering) -> int:
        """See orchestrator.ports.Wired. The answer is not read: what matters is whether there is one."""
        sent = tampered(turn, how, self.keys, self.clock.now())
        try:
            response = await self.http.request(
                "POST",
                self.settings.url,
                headers=self.headers(turn, sent.headers),
                body=sent.body,
                timeout=max((turn.deadline - self.clock.now()).total_seconds(), 1.0),
                max_bytes=MOST_BYTES,
                trusted=self.settings.trusted,
                redirects=False,
            )
        except ParleyError:
            return 0
        return response.status

    def read(self, response: HttpResponse, turn: Turn) -> tuple[Action, ...]:
        """Raises BotLater on 202, BotFailed on everything but a 200 or 204 that can be read."""
        match response.status:
            case 204:
                return ()
            case 202:
                self.later(response, turn)
            case 429:
                self.fail("is throttling (429)", retry_after(response))
            case status if 300 <= status < 400:
                self.fail(f"redirects ({status}); set 'url' to where it moved")
            case status if status not in (200, 201):
                self.fail(f"answered {status}")
        if response.body.strip():
            self.expect_json(response)
        try:
            return answers.from_json(response.body)
        except Malformed as error:
            self.fail(f"answered rubbish: {error}")

    def expect_json(self, response: HttpResponse) -> None:
        kind = header(response, "content-type").partition(";")[0].strip().lower()
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            self.fail(f"answered {kind[:60] or 'no content type'!r} instead of application/json")

    def later(self, response: HttpResponse, turn: Turn) -> NoReturn:
        if not turn.callback_url:
            self.fail("answered 202, but this turn has no callback URL to answer at")
        try:
            asked = orjson.loads(response.body).get("seconds")
        except (orjson.JSONDecodeError, AttributeError):
            asked = None
        most = self.settings.later_seconds
        wanted = asked if isinstance(asked, int | float) and 0 < asked <= most else most
        raise BotLater(f"webhook bot at {self.host!r} answers later", until=float(wanted))

    def fail(self, what: str, retry_after: float | None = None) -> NoReturn:
        raise BotFailed(f"webhook bot at {self.host!r} {what}", retry_after=retry_after) from None


def retry_after(response: HttpResponse) -> float:
    """Seconds from Retry-After; the other form, a date, is read as the usual pause (RFC 9110 10.2.3)."""
    given = header(response, "retry-after").strip()
    return float(given) if given.isascii() and given.isdigit() and len(given) < 7 else PAUSE


def header(response: HttpResponse, name: str) -> str:
    """Whatever the case the server wrote it in, and whatever mapping the client keeps it in."""
    return next((value for key, value in response.headers.items() if key.lower() == name), "")
