"""A turn with Botpress: the customer's user and conversation made once, a message sent, answers polled until quiet.

Users authenticate by a key that we sign ourselves (botpress.com/docs/api-reference/chat-api/introduction):
it is made anew for each call and kept nowhere.
"""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import quote, urlsplit

import jwt
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bots.botpress.said import Reader
from orchestrator.bot_server import BotServer, dict_of, list_of
from orchestrator.ports import Bot, Clock, Files, Http
from orchestrator.quiet import until_quiet
from orchestrator.types import Action, HandOff, Media, SetSlots, Turn, Typing
from orchestrator.web_address import ServerAddress

MOST_MESSAGES = 50
KINDS = {"image": "imageUrl", "gif": "imageUrl", "audio": "audioUrl", "video": "videoUrl", "file": "fileUrl"}


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    webhook_id: str = Field(
        pattern=r"^[A-Za-z0-9_-]{1,100}$", description="The last part of the Chat integration's webhook URL."
    )
    encryption_key: SecretStr = Field(description="The Chat integration's encryption key, as env:NAME.")
    api: ServerAddress = Field("https://chat.botpress.cloud", description="Base address.")
    language: str = Field("en", description="The language the bot is written in; empty: it answers in the customer's.")
    greeting: str = Field("", description="Text sent when a chat was just opened, such as 'hello'.")
    quiet_seconds: float = Field(1.5, ge=0.01, le=60, description="The bot is done when it said nothing for so long.")
    poll_seconds: float = Field(0.4, ge=0.01, le=10, description="How often it is asked.")
    trusted: bool = Field(True, description="Whether 'api' may be private; never for one that came over the API.")
    retries: int = Field(1, ge=0, le=5, description="More tries after a 429, a 503 or no connection.")


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    del files
    return BotpressBot(settings, clock, http)


class BotpressBot:
    def __init__(self, settings: Settings, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.language = settings.language
        self.base = f"{settings.api}/{settings.webhook_id}"
        self.server = BotServer(
            who=f"botpress bot at {urlsplit(settings.api).netloc!r}",
            http=http,
            clock=clock,
            trusted=settings.trusted,
            retries=settings.retries,
        )
        self.reader = Reader(self.server.who)

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    async def reply(self, turn: Turn) -> AsyncGenerator[Action, None]:
        payloads = said(turn) if turn.messages else greeting(self.settings.greeting)
        if not payloads:
            return
        if not begun(turn):
            await self.begin(turn)
        sent = [await self.send(turn, payload) for payload in payloads]
        seen: set[str] = set(sent)
        actions: list[Action] = []
        batches = until_quiet(
            lambda: self.news(turn, sent[0], seen), quiet=self.settings.quiet_seconds, every=self.settings.poll_seconds
        )
        async with aclosing(batches) as coming:
            async for batch in coming:
                if len(seen) > MOST_MESSAGES:
                    self.server.fail(f"answered with more than {MOST_MESSAGES} messages")
                actions += self.reader.actions(batch)
                if any(isinstance(action, HandOff) for action in actions):
                    break
                yield Typing()
        for action in actions:
            yield action
        if not begun(turn):
            yield SetSlots(slots={slot_of(turn): True})

    async def begin(self, turn: Turn) -> None:
        name = str(turn.profile.get("name") or "")[:200]
        await self.post(turn, "/users/get-or-create", {"name": name} if name else {})
        await self.post(turn, "/conversations/get-or-create", {"id": conversation(turn)})

    async def send(self, turn: Turn, payload: dict[str, Any]) -> str:
        body = {"conversationId": conversation(turn), "payload": payload, "metadata": about(turn)}
        found = dict_of(await self.post(turn, "/messages", body), "an answer", self.server.who)
        message = dict_of(found.get("message"), "a message", self.server.who)
        return str(message.get("id") or self.server.fail("gave no id"))

    async def post(self, turn: Turn, path: str, body: dict[str, Any]) -> Any:
        return await self.server.post(f"{self.base}{path}", body, turn.deadline, **self.key(turn))

    async def news(self, turn: Turn, after: str, seen: set[str]) -> Sequence[dict[str, Any]]:
        """The bot's messages since ours, oldest first; the list has the newest first."""
        url = f"{self.base}/conversations/{quote(conversation(turn), safe='')}/messages"
        found = dict_of(await self.server.get(url, turn.deadline, **self.key(turn)), "news", self.server.who)
        fresh: list[dict[str, Any]] = []
        for each in list_of(found.get("messages"), "messages", self.server.who):
            message = dict_of(each, "a message", self.server.who)
            if message.get("id") == after:
                break
            if message.get("userId") != user(turn) and str(message.get("id")) not in seen:
                fresh.insert(0, message)
        seen.update(str(message.get("id")) for message in fresh)
        return fresh

    def key(self, turn: Turn) -> dict[str, str]:
        secret = self.settings.encryption_key.get_secret_value()
        return {"x-user-key": jwt.encode({"id": user(turn)}, secret, algorithm="HS256")}


def said(turn: Turn) -> list[dict[str, Any]]:
    words = turn.payload or turn.text
    payloads: list[dict[str, Any]] = [{"type": "text", "text": words}] if words else []
    for line in turn.messages:
        for part in line.parts:
            if isinstance(part, Media):
                kind = "image" if part.media == "gif" else part.media
                payloads.append({"type": kind, KINDS[part.media]: part.url})
    return payloads


def greeting(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []


def about(turn: Turn) -> dict[str, Any]:
    found: dict[str, Any] = {
        "turn_id": turn.id,
        "language": turn.language,
        "channel": turn.channel.kind,
        "profile": dict(turn.profile),
        "context": dict(turn.context),
    }
    if turn.returned is not None:
        found["colleague_said"] = turn.returned.note
    return {"parleyTurn": found}


def slot_of(turn: Turn) -> str:
    return f"botpress:{turn.bot}"


def begun(turn: Turn) -> bool:
    return isinstance(turn.slots, Mapping) and turn.slots.get(slot_of(turn)) is True


def user(turn: Turn) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", f"parley-{turn.customer_id}")[:100]


def conversation(turn: Turn) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", f"parley-{turn.conversation_id}")[:100]
