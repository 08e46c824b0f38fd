"""A turn with an agent that speaks A2A: its card read once, a message sent or streamed, a task followed to its end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bots.a2a import wire
from bots.a2a.card import PLACES, Card, read
from orchestrator import answers
from orchestrator.bot_server import BotServer, dict_of, header
from orchestrator.errors import BotFailed, Malformed
from orchestrator.ports import Bot, Clock, Files, Http, HttpStream
from orchestrator.types import Action, Checked, Partial, SetSlots, Turn, Typing
from orchestrator.web_address import ServerAddress

CARD_SECONDS = 600.0
"""How long a card is believed."""
CHECK_SECONDS = 5.0
LONGEST_LINE = 2_000_000


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    url: ServerAddress = Field(description="Where the agent is: its card is at /.well-known/agent-card.json below.")
    card: str = Field("", description="Path of the card, where it is elsewhere.")
    token: SecretStr = Field(SecretStr(""), description="Sent as 'Authorization: Bearer …'.")
    headers: Mapping[str, SecretStr] = Field(default_factory=dict, description="Sent along, such as an API key.")
    language: str = Field(
        "en", description="The language the agent is written in; empty: it answers in the customer's."
    )
    greeting: str = Field("", description="Text sent when a chat was just opened, such as 'hello'.")
    stream: bool = Field(True, description="Stream where the card says that the agent can.")
    poll_seconds: float = Field(0.5, ge=0.01, le=30, description="How often a task that goes on is asked about.")
    trusted: bool = Field(
        True, description="Whether the address may be private, such as 127.0.0.1; never for one that came over the API."
    )
    retries: int = Field(1, ge=0, le=5, description="More tries after a 429, a 503 or no connection.")


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    return AgentBot(settings, clock, http, files)


class AgentBot:
    def __init__(self, settings: Settings, clock: Clock, http: Http, files: Files) -> None:
        self.settings = settings
        self.language = settings.language
        self.clock = clock
        self.files = files
        token = settings.token.get_secret_value()
        self.server = BotServer(
            who=f"a2a agent at {urlsplit(settings.url).netloc!r}",
            http=http,
            clock=clock,
            headers={
                **({"authorization": f"Bearer {token}"} if token else {}),
                **{name: value.get_secret_value() for name, value in settings.headers.items()},
            },
            trusted=settings.trusted,
            retries=settings.retries,
            max_bytes=8_000_000,
        )
        self.known: Card | None = None
        self.until = float("-inf")

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    async def reply(self, turn: Turn) -> AsyncGenerator[Action, None]:
        if not turn.messages and not self.settings.greeting:
            return
        yield Typing()
        card = await self.card(turn.deadline)
        heard = wire.Heard()
        async with aclosing(self.ask(turn, card, heard)) as growing:
            async for text in growing:
                yield Partial(text=text)
        for action in await self.said(turn, heard):
            yield action
        task = heard.task if heard.state == wire.ASKING else ""
        yield SetSlots(slots={slot_of(turn): {"context": heard.context, "task": task}})

    async def card(self, until: datetime) -> Card:
        """Raises BotFailed."""
        if self.known is None or self.clock.monotonic() >= self.until:
            self.known = read(await self.fetched(until), self.settings.url, self.server.who)
            self.until = self.clock.monotonic() + CARD_SECONDS
        return self.known

    async def fetched(self, until: datetime) -> Any:
        places = (f"/{self.settings.card.lstrip('/')}",) if self.settings.card else PLACES
        for last, place in ((place == places[-1], place) for place in places):
            response = await self.server.ask("GET", f"{self.settings.url}{place}", b"", until)
            if response.status != 404 or last:
                return self.server.read(response)
        raise AssertionError("the last place returns or raises")

    async def ask(self, turn: Turn, card: Card, heard: wire.Heard) -> AsyncGenerator[str, None]:
        """Fill `heard`, giving all words there are at each step. Raises BotFailed, BotTimeout."""
        kept = turn.slots.get(slot_of(turn))
        before = kept if isinstance(kept, Mapping) else {}
        message = wire.message(turn, card.version, str(before.get("context") or ""), str(before.get("task") or ""))
        if not turn.messages:
            message["parts"] = [wire.text_part(self.settings.greeting, card.version)]
        if card.streams and self.settings.stream:
            async with aclosing(self.streamed(turn, card, {"message": message}, heard)) as growing:
                async for text in growing:
                    yield text
        else:
            body = call(turn, card, "send", {"message": message})
            heard.take(
                self.result(await self.server.post(card.url, body, turn.deadline, **versioned(card))), self.server.who
            )
        while not heard.over:
            if not heard.task:
                self.server.fail("broke off its answer")
            await asyncio.sleep(self.settings.poll_seconds)
            body = call(turn, card, "get", {"id": heard.task})
            heard.take(
                self.result(await self.server.post(card.url, body, turn.deadline, **versioned(card))), self.server.who
            )

    async def streamed(
        self, turn: Turn, card: Card, params: dict[str, Any], heard: wire.Heard
    ) -> AsyncGenerator[str, None]:
        body = call(turn, card, "stream", params)
        async with self.server.stream(card.url, body, turn.deadline, **versioned(card)) as response:
            self.server.check(response.status, response.headers)
            events = header(response.headers, "content-type").startswith("text/event-stream")
            async for data in lines(response, events, self.server):
                heard.take(self.result(self.server.parsed(data)), self.server.who)
                if text := heard.text():
                    yield text
                if heard.over:
                    return

    def result(self, answer: Any) -> dict[str, Any]:
        """Raises BotFailed: an error's code is told, its words are not."""
        found = dict_of(answer, "an answer", self.server.who)
        error = found.get("error")
        if error is not None:
            code = error.get("code") if isinstance(error, dict) else None
            self.server.fail(f"answered with an error{f' ({code})' if isinstance(code, int) else ''}")
        return dict_of(found.get("result"), "a result", self.server.who)

    async def said(self, turn: Turn, heard: wire.Heard) -> tuple[Action, ...]:
        if heard.state in wire.FAILED:
            self.server.fail(f"says that the task is {heard.state!r}")
        parts = [await self.kept(turn, part) for part in heard.parts()]
        try:
            return answers.from_value(list(wire.items(parts)))
        except Malformed as error:
            raise BotFailed(f"{self.server.who} answered rubbish: {error}") from None

    async def kept(self, turn: Turn, part: dict[str, Any]) -> dict[str, Any]:
        """A file that travelled inside is put where customers can get it."""
        if isinstance(part.get("text"), str) or "data" in part or not wire.file_of(part)["data"]:
            return part
        found = wire.file_of(part)
        mime = found["mime"] or "application/octet-stream"
        url = await self.files.put(turn.app_id, wire.decoded(part, self.server.who), name=found["name"], mime=mime)
        return {"file": {"uri": url, "mimeType": mime, "name": found["name"]}}

    async def check(self) -> list[Checked]:
        try:
            card = await self.card(self.clock.now() + timedelta(seconds=CHECK_SECONDS))
        except BotFailed as error:
            return [Checked(ok=False, what=str(error), mend="check 'url', 'card' and 'token'")]
        streams = ", streams" if card.streams else ""
        return [Checked(ok=True, what=f"agent {card.name!r} answers by A2A {card.version}{streams}")]


async def lines(response: HttpStream, events: bool, server: BotServer) -> AsyncIterator[bytes]:
    """The data of each event; the whole body of an answer that is no stream. Raises BotFailed."""
    held = b""
    async for piece in response:
        held += piece
        if not events:
            continue
        *whole, held = held.split(b"\n")
        for line in whole:
            if line.startswith(b"data:"):
                yield line.removeprefix(b"data:").strip()
        if len(held) > LONGEST_LINE:
            server.fail("answered with a line without end")
    if not events:
        yield held
    elif held.startswith(b"data:"):
        yield held.removeprefix(b"data:").strip()


def call(turn: Turn, card: Card, method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": turn.id, "method": wire.METHODS[card.version][method], "params": params}


def versioned(card: Card) -> dict[str, str]:
    return {"a2a-version": "1.0"} if card.version == "1.0" else {}


def slot_of(turn: Turn) -> str:
    return f"a2a:{turn.bot}"
