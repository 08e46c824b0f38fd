"""A turn over Direct Line 3.0: an activity is sent, the answers are polled until the bot has fallen quiet.

learn.microsoft.com/azure/bot-service, "Key concepts in the Direct Line API 3.0". Polling, not the WebSocket: a
turn is short, and any process can go on with a conversation from its id and watermark alone, which are kept in a slot.
Secrets are not: a token that only its conversation has (Copilot Studio's) stays in this process.
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bots.directline.said import POSTBACK, Reader
from orchestrator.bot_server import BotServer, dict_of, orjson_of
from orchestrator.errors import Misconfigured
from orchestrator.ports import Bot, Clock, Files, Http, HttpResponse
from orchestrator.quiet import until_quiet
from orchestrator.types import Action, Close, FormAnswer, HandOff, Media, SetSlots, Turn, Typing
from orchestrator.web_address import ServerAddress

MOST_TOKENS = 10_000
MOST_ACTIVITIES = 100


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    secret: SecretStr = Field(SecretStr(""), description="Secret of the bot's Direct Line channel, as env:NAME.")
    token_endpoint: SecretStr = Field(
        SecretStr(""), description="Instead: Copilot Studio's token endpoint, from Channels, Mobile app."
    )
    api: ServerAddress = Field(
        "https://directline.botframework.com",
        description="Base address; a region's, such as https://europe.directline…",
    )
    language: str = Field("en", description="The language the bot is written in; empty: it answers in the customer's.")
    greeting_event: str = Field(
        "", description="Event sent when a chat was just opened, such as 'startConversation' for Copilot Studio."
    )
    quiet_seconds: float = Field(1.0, ge=0.01, le=60, description="The bot is done when it said nothing for so long.")
    poll_seconds: float = Field(0.25, ge=0.01, le=10, description="How often it is asked.")
    trusted: bool = Field(True, description="Whether 'api' may be private; never for one that came over the API.")
    retries: int = Field(1, ge=0, le=5, description="More tries after a 429, a 503 or no connection.")


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    """Raises Misconfigured."""
    del files
    if bool(settings.secret.get_secret_value()) == bool(settings.token_endpoint.get_secret_value()):
        raise Misconfigured("give either 'secret' or 'token_endpoint'", key=("secret",))
    return DirectLineBot(settings, clock, http)


@dataclass(slots=True)
class Line:
    """A conversation of Direct Line's; `told` are the ids of what we said in this turn, `old` that it began before."""

    id: str
    watermark: str = ""
    told: tuple[str, ...] = ()
    old: bool = False


class DirectLineBot:
    def __init__(self, settings: Settings, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.language = settings.language
        self.tokens: OrderedDict[str, str] = OrderedDict()
        self.server = BotServer(
            who=f"direct line bot at {urlsplit(settings.api).netloc!r}",
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
        activities = self.outgoing(turn)
        if not activities:
            return
        line = await self.line(turn)
        for activity in activities:
            await self.send(turn, line, activity)
        seen: list[Action] = []
        count = 0
        batches = until_quiet(
            lambda: self.news(turn, line), quiet=self.settings.quiet_seconds, every=self.settings.poll_seconds
        )
        async with aclosing(batches) as coming:
            async for batch in coming:
                count += len(batch)
                if count > MOST_ACTIVITIES:
                    self.server.fail(f"answered with more than {MOST_ACTIVITIES} activities")
                seen += self.reader.actions(batch)
                if any(isinstance(action, HandOff | Close) for action in seen):
                    break
                yield Typing()
        for action in sober(seen):
            yield action
        yield SetSlots(slots={slot_of(turn): {"id": line.id, "watermark": line.watermark}})

    async def line(self, turn: Turn) -> Line:
        """The conversation's own; another when there is none yet, or its token was another process's."""
        kept = turn.slots.get(slot_of(turn))
        if isinstance(kept, Mapping) and isinstance(kept.get("id"), str):
            known = Line(kept["id"], str(kept.get("watermark", "")), old=True)
            if self.settings.secret.get_secret_value() or known.id in self.tokens:
                return known
        return await self.started(turn)

    async def started(self, turn: Turn) -> Line:
        endpoint = self.settings.token_endpoint.get_secret_value()
        if not endpoint:
            url = f"{self.settings.api}/v3/directline/conversations"
            found = await self.server.post(url, {"user": {"id": user(turn)}}, turn.deadline, **self.key(""))
            return Line(self.text(found, "conversationId"))
        given = await self.server.get(endpoint, turn.deadline)
        token = self.text(given, "token")
        bearer = {"authorization": f"Bearer {token}"}
        found = await self.server.post(f"{self.settings.api}/v3/directline/conversations", {}, turn.deadline, **bearer)
        line = Line(self.text(found, "conversationId"))
        self.tokens[line.id] = token
        while len(self.tokens) > MOST_TOKENS:
            self.tokens.popitem(last=False)
        return line

    def text(self, found: Any, name: str) -> str:
        value = dict_of(found, "an answer", self.server.who).get(name)
        if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
            self.server.fail(f"gave no {name!r}")
        return value

    def key(self, conversation: str) -> dict[str, str]:
        secret = self.settings.secret.get_secret_value() or self.tokens.get(conversation, "")
        return {"authorization": f"Bearer {secret}"}

    async def send(self, turn: Turn, line: Line, activity: dict[str, Any]) -> None:
        """In another conversation, once, when an old one is over: after a day, say."""
        packed = orjson_of(activity, self.server.who)
        response = await self.post(turn, line, packed)
        if line.old and response.status in (403, 404):
            fresh = await self.started(turn)
            line.id, line.watermark, line.told, line.old = fresh.id, "", (), False
            response = await self.post(turn, line, packed)
        line.told = (*line.told, self.text(self.server.read(response), "id"))

    async def post(self, turn: Turn, line: Line, packed: bytes) -> HttpResponse:
        headers = {"content-type": "application/json", **self.key(line.id)}
        return await self.server.ask("POST", self.url(line), packed, turn.deadline, headers)

    async def news(self, turn: Turn, line: Line) -> Sequence[dict[str, Any]]:
        """What the bot said since; late answers to an earlier turn are passed over: that one is over."""
        query = f"?watermark={quote(line.watermark, safe='')}" if line.watermark else ""
        found = dict_of(
            await self.server.get(f"{self.url(line)}{query}", turn.deadline, **self.key(line.id)),
            "news",
            self.server.who,
        )
        if isinstance(found.get("watermark"), str):
            line.watermark = found["watermark"]
        listed = found.get("activities")
        activities = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        return [each for each in activities if self.ours(each, turn, line)]

    def ours(self, activity: dict[str, Any], turn: Turn, line: Line) -> bool:
        sender = activity.get("from")
        mine = isinstance(sender, dict) and sender.get("id") == user(turn)
        answered = activity.get("replyToId")
        return not mine and (not answered or answered in line.told)

    def url(self, line: Line) -> str:
        return f"{self.settings.api}/v3/directline/conversations/{quote(line.id, safe='')}/activities"

    def outgoing(self, turn: Turn) -> list[dict[str, Any]]:
        told = (
            [event("parley.returned", {"note": turn.returned.note, "agent": turn.returned.agent})]
            if turn.returned
            else []
        )
        if turn.messages:
            told.append({"type": "message", **spoken(turn)})
        elif self.settings.greeting_event:
            told.append(event(self.settings.greeting_event, None))
        about = {
            "from": {"id": user(turn), "name": str(turn.profile.get("name") or "")},
            "locale": turn.bot_language,
            "channelData": {"clientActivityID": turn.id, "parleyTurn": data(turn)},
        }
        return [{**each, **about} for each in told] if told and (turn.messages or self.settings.greeting_event) else []


def event(name: str, value: Any) -> dict[str, Any]:
    return {"type": "event", "name": name, **({"value": value} if value is not None else {})}


def data(turn: Turn) -> dict[str, Any]:
    """What a bot of one's own may read, under a name of its own: "parley" is what it may answer with."""
    return {
        "turn_id": turn.id,
        "language": turn.language,
        "channel": turn.channel.kind,
        "profile": dict(turn.profile),
        "context": dict(turn.context),
    }


def spoken(turn: Turn) -> dict[str, Any]:
    last = turn.messages[-1].parts[-1] if turn.messages[-1].parts else None
    if isinstance(last, FormAnswer):
        return {"value": {**carried(last.form_id), **dict(last.values)}, "channelData": {"postBack": True}}
    if turn.payload.startswith(POSTBACK):
        back = carried(turn.payload)
        return {"value": back.get("value"), **({"text": str(back["text"])} if back.get("text") else {})}
    files = [part for line in turn.messages for part in line.parts if isinstance(part, Media)]
    attached = [
        {"contentType": part.mime or "application/octet-stream", "contentUrl": part.url, "name": part.name}
        for part in files
    ]
    return {"text": turn.payload or turn.text, **({"attachments": attached} if attached else {})}


def carried(payload: str) -> dict[str, Any]:
    """Of a payload that is ours to read; a customer may have made it up."""
    try:
        found = orjson.loads(payload.removeprefix(POSTBACK))
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def sober(actions: Sequence[Action]) -> list[Action]:
    """Without signs of life; a conversation that is handed off does not end."""
    handed = any(isinstance(action, HandOff) for action in actions)
    return [each for each in actions if not isinstance(each, Typing) and not (handed and isinstance(each, Close))]


def slot_of(turn: Turn) -> str:
    return f"directline:{turn.bot}"


def user(turn: Turn) -> str:
    """Direct Line wants users of tokens to begin so."""
    return f"dl_{turn.customer_id}"
