"""A turn with a language model: asked with what it may know, its words shown as they come, its wishes checked."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from bots.openai import knowledge, wire
from bots.openai.prompt import Prompt, estimate, prompt
from bots.openai.settings import Settings
from bots.openai.spend import Purse
from bots.openai.tools import Refused, Tools, hosts_in
from orchestrator import answers
from orchestrator.bot_server import PAUSE, BotServer, header
from orchestrator.errors import BotFailed, Malformed, Misconfigured
from orchestrator.ports import Bot, Clock, Files, Http, HttpStream, Meter
from orchestrator.sending import retry_after
from orchestrator.types import Action, Checked, Close, HandOff, NotUnderstood, Partial, PassTo, Say, Text, Turn, Typing

LARGEST_REFUSAL = 65_536
CHECK_SECONDS = 5.0
LAST = (HandOff, PassTo, Close, NotUnderstood, Say)
"""After these the model has nothing to add."""


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    """Reads the texts it may quote. Raises Misconfigured."""
    del files
    if "set_slots" in settings.tools and not settings.slots:
        raise Misconfigured("the tool 'set_slots' needs 'slots' it may set", key=("slots",))
    if "pass_to" in settings.tools and not settings.bots:
        raise Misconfigured("the tool 'pass_to' needs 'bots' it may name", key=("bots",))
    return ModelBot(settings, clock, http)


class TooLong(Exception):
    """More was sent than the model has room for."""


class Busy(Exception):
    """Nothing was done: it may be asked again after so many seconds."""

    def __init__(self, status: int, seconds: float) -> None:
        super().__init__()
        self.status = status
        self.seconds = seconds


class ModelBot:
    def __init__(self, settings: Settings, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.language = settings.language
        self.clock = clock
        key = settings.api_key.get_secret_value()
        self.server = BotServer(
            who=f"model at {urlsplit(settings.url).netloc!r}",
            http=http,
            clock=clock,
            headers={
                **({"authorization": f"Bearer {key}"} if key else {}),
                **{name: value.get_secret_value() for name, value in settings.headers.items()},
            },
            trusted=settings.trusted,
            retries=settings.retries,
            max_bytes=8_000_000,
        )
        self.instructions = instructions(settings)
        self.knowledge = knowledge.load(settings.knowledge)
        owned = hosts_in(self.instructions, *(piece.text for piece in self.knowledge.pieces))
        self.tools = Tools(settings, {*settings.link_hosts, *owned})
        self.meter: Meter | None = None
        self.name = settings.model

    def metered(self, meter: Meter, name: str) -> None:
        self.meter, self.name = meter, name

    async def open(self) -> None:
        if self.meter is not None:
            await self.meter.open()

    async def close(self) -> None:
        if self.meter is not None:
            await self.meter.close()

    async def reply(self, turn: Turn) -> AsyncGenerator[Action, None]:
        """Rounds of asking, until the model has said something or done what ends the turn."""
        yield Typing()
        purse = Purse(self.settings.limits, turn, self.server.who, self.clock, self.meter, self.name)
        asked = prompt(self.settings, self.instructions, turn, self.pieces(turn))
        talk: list[dict[str, Any]] = []
        done: list[Action] = []
        for left in range(self.settings.rounds - 1, -1, -1):
            found = wire.Completion()
            async with aclosing(self.completed(asked, talk, turn, purse, found)) as growing:
                async for words in growing:
                    yield Partial(text=words)
            said = self.words(found)
            actions, results = self.wishes(found)
            done += [*said, *actions]
            if said or finished(actions) or not results or not left:
                break
            talk += [assistant(found), *results]
        if not done:
            self.server.fail("said nothing")
        for action in (*ordered(done), purse.kept()):
            yield action

    def pieces(self, turn: Turn) -> list[knowledge.Piece]:
        """Looked for in the customer's words and, where they are known, in the pivot language."""
        pivot = turn.understanding.pivot if turn.understanding else ""
        return self.knowledge.best(f"{turn.text}\n{pivot}", self.settings.snippets) if turn.messages else []

    async def completed(
        self, asked: Prompt, talk: list[dict[str, Any]], turn: Turn, purse: Purse, found: wire.Completion
    ) -> AsyncGenerator[str, None]:
        """Fill `found`, giving all words there are at each step; with fewer old lines while there is no room."""
        tries = self.settings.retries
        while not found.finish:
            messages = [*asked.messages(), *talk]
            sending = sum(estimate(str(each.get("content") or "")) for each in messages)
            purse.check(sending)
            try:
                async with aclosing(self.ask(messages, turn, found)) as growing:
                    async for words in growing:
                        yield words
                self.sound(found)
            except TooLong:
                if not asked.lines:
                    self.server.fail("has no room for the turn; raise its context or set fewer snippets")
                asked = asked.shorter()
            except Busy as busy:
                if not tries or busy.seconds >= self.server.remaining(turn.deadline):
                    self.server.fail(f"is throttling ({busy.status})", busy.seconds)
                tries -= 1
                await asyncio.sleep(busy.seconds)
            finally:
                purse.spent(*(found.tokens or received(found, sending)))

    async def ask(
        self, messages: list[dict[str, Any]], turn: Turn, found: wire.Completion
    ) -> AsyncGenerator[str, None]:
        """One request. Raises TooLong, BotFailed, BotTimeout."""
        url = f"{self.settings.url}/chat/completions"
        async with self.server.stream(url, self.body(messages), turn.deadline) as response:
            if response.status >= 300:
                await self.refused(response)
            kind = header(response.headers, "content-type").partition(";")[0].strip().lower()
            if kind != "text/event-stream":
                found.take(self.server.parsed(await whole(response)), self.server.who)
                found.finish = found.finish or ("stop" if found.text or found.calls else "")
                return
            async for chunk in wire.events(response, self.server.who):
                if found.take(chunk, self.server.who):
                    yield self.tools.safe(found.text)

    def body(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        settings = self.settings
        body: dict[str, Any] = {
            **settings.extra,
            "model": settings.model,
            "messages": messages,
            settings.max_tokens_key: settings.max_tokens,
            "stream": settings.stream,
        }
        if settings.stream:
            body["stream_options"] = {"include_usage": True}
        if settings.temperature is not None:
            body["temperature"] = settings.temperature
        if settings.tools:
            body["tools"] = self.tools.offered()
        return body

    async def refused(self, response: HttpStream) -> None:
        """Raises TooLong or BotFailed, by the code the server gave."""
        error: Any = None
        try:
            said = orjson.loads(await whole(response, LARGEST_REFUSAL))
            error = said.get("error") if isinstance(said, dict) else None
        except orjson.JSONDecodeError:
            pass
        if response.status in (400, 413) and wire.too_long(error):
            raise TooLong
        if wire.named(error) == " (insufficient_quota)":
            self.server.fail("says that its quota is used up")
        if response.status in (429, 503):
            raise Busy(response.status, retry_after(response.headers, self.clock.now()) or PAUSE)
        self.server.check(response.status, response.headers)

    def sound(self, found: wire.Completion) -> None:
        """Raises BotFailed for half an answer: it is not said."""
        match found.finish:
            case "" if not found.text and not found.calls and not found.refusal:
                self.server.fail("answered something that is no completion")
            case "":
                self.server.fail("broke off its answer")
            case "content_filter":
                self.server.fail("was stopped by its content filter")

    def wishes(self, found: wire.Completion) -> tuple[list[Action], list[dict[str, Any]]]:
        """What its calls stand for, and what it is told about each."""
        actions: list[Action] = []
        results: list[dict[str, Any]] = []
        for call in found.calls.values():
            try:
                actions.append(self.tools.done(call))
                results.append(result(call, "done; now tell the customer"))
            except Refused as error:
                results.append(result(call, f"error: {error}"))
        return actions, results

    def words(self, found: wire.Completion) -> list[Action]:
        text = self.tools.safe(found.text).strip()
        if found.finish == "length" and text:
            text = f"{text} …"
        if found.refusal and not text:
            return [Say(parts=(Text(text=self.tools.safe(found.refusal)),)), NotUnderstood()]
        try:
            return list(answers.from_python(Say(parts=(Text(text=text, markdown=True),)))) if text else []
        except Malformed as error:
            raise BotFailed(f"{self.server.who} answered rubbish: {error}") from None

    async def check(self) -> list[Checked]:
        until = self.clock.now() + timedelta(seconds=CHECK_SECONDS)
        try:
            found = await self.server.get(f"{self.settings.url}/models", until)
        except BotFailed as error:
            return [Checked(ok=False, what=str(error), mend="check 'url' and 'api_key'")]
        listed = found.get("data") if isinstance(found, dict) else None
        names = (
            {str(each.get("id")) for each in listed if isinstance(each, dict)} if isinstance(listed, list) else set()
        )
        model = self.settings.model
        there = not names or model in names
        return [Checked(ok=there, what=f"model {model!r} is {'there' if there else 'not among its models'}")]


def instructions(settings: Settings) -> str:
    """Raises Misconfigured."""
    return "\n\n".join(filter(None, [settings.instructions, from_file(settings.instructions_file)])).strip()


def from_file(path: Path | None) -> str:
    try:
        return path.read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError):
        raise Misconfigured(f"instructions {str(path)!r} can't be read as text", key=("instructions_file",)) from None


async def whole(response: HttpStream, most: int = 8_000_000) -> bytes:
    """All of it, or as much as is of interest."""
    body = bytearray()
    async for piece in response:
        body += piece
        if len(body) > most:
            break
    return bytes(body)


def finished(done: list[Action]) -> bool:
    return any(isinstance(action, LAST) for action in done)


def assistant(found: wire.Completion) -> dict[str, Any]:
    """Its own message, as it wants to see it again."""
    calls = [
        {"id": call.id or call.name, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in found.calls.values()
    ]
    return {"role": "assistant", "content": found.text or None, **({"tool_calls": calls} if calls else {})}


def result(call: wire.Call, said: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call.id or call.name, "content": said}


def ordered(done: list[Action]) -> list[Action]:
    """Its words first, and nothing twice: what was done in one round may be wished again in the next."""
    says = [action for action in done if isinstance(action, Say)]
    both = [*says, *(action for action in done if not isinstance(action, Say))]
    return [action for place, action in enumerate(both) if action not in both[:place]]


def received(found: wire.Completion, sending: int) -> tuple[int, int]:
    """Tokens by our own estimate, where the server counts none; nothing for a request that was refused."""
    if not (found.finish or found.text or found.calls):
        return (0, 0)
    return (sending, estimate(found.text) + sum(estimate(call.arguments) for call in found.calls.values()))
