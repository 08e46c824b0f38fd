"""A turn with a Rasa server: its tracker brought up to date, the words sent, what it says read."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt
import orjson
import structlog

from bots.rasa import tracker
from bots.rasa.said import Reader
from bots.rasa.settings import Settings
from orchestrator.bot_server import BotServer, dict_of, orjson_of
from orchestrator.errors import BotFailed, Misconfigured
from orchestrator.ports import Bot, Clock, Files, Http
from orchestrator.types import Action, Checked, FormAnswer, HandOff, Media, NotUnderstood, SetSlots, Tap, Turn

SESSION_START = "/session_start"
CHECK_SECONDS = 5.0
TOKEN_SECONDS = 300
log = structlog.get_logger("parley.bots")


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    """Raises Misconfigured when a key signs nothing."""
    del files
    bot = RasaBot(settings, clock, http)
    try:
        bot.headers("check")
    except (jwt.PyJWTError, ValueError, TypeError):
        raise Misconfigured(f"'jwt_secret' is no key for {settings.jwt_method!r}", key=("jwt_secret",)) from None
    return bot


class RasaBot:
    def __init__(self, settings: Settings, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.language = settings.language
        self.clock = clock
        host = urlsplit(settings.url).netloc
        self.server = BotServer(
            who=f"rasa bot at {host!r}",
            http=http,
            clock=clock,
            headers={name: value.get_secret_value() for name, value in settings.headers.items()},
            trusted=settings.trusted,
            retries=settings.retries,
        )
        self.reader = Reader(who=self.server.who, markdown=settings.markdown, unknown=settings.unknown_custom)

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    async def reply(self, turn: Turn) -> AsyncGenerator[Action, None]:
        before = tracker.standing(turn)
        actions: list[Action] = []
        if self.settings.session and not before.begun:
            actions += await self.say(turn, SESSION_START)
        now = replace(before, begun=True)
        if self.settings.sync:
            now = await self.bring_up_to_date(turn, now)
        for message in messages(self.settings, turn):
            actions += await self.say(turn, message)
        if any(isinstance(action, HandOff) for action in actions):
            now = await self.pause(turn, now)
        for action in (*actions, *await self.look(turn)):
            yield action
        if now != before:
            yield tracker.kept(turn, now)

    async def say(self, turn: Turn, message: str) -> Sequence[Action]:
        url = f"{self.settings.url}/webhooks/{self.settings.channel}/webhook"
        body = {"sender": self.sender(turn), "message": message, "metadata": {"parley": metadata(turn)}}
        return self.reader.actions(await self.server.post(url, body, turn.deadline, **self.headers(self.sender(turn))))

    async def bring_up_to_date(self, turn: Turn, now: tracker.Standing) -> tracker.Standing:
        found = tracker.values(self.settings, turn)
        events = tracker.events(self.settings, turn, now, found)
        if not events:
            return now
        await self.tell(turn, events)
        return replace(now, sent=tracker.digest(found), paused=False)

    async def pause(self, turn: Turn, now: tracker.Standing) -> tracker.Standing:
        """Its answer is here already: when Rasa can't be told to be quiet, it is told at the next turn."""
        if not self.settings.sync:
            return now
        try:
            await self.tell(turn, [{"event": "pause", "timestamp": self.clock.now().timestamp()}])
        except BotFailed as error:
            log.warning("rasa was not paused", error=str(error))
            return now
        return replace(now, paused=True)

    async def tell(self, turn: Turn, events: list[tracker.Event]) -> None:
        response = await self.server.ask(
            "POST",
            self.api(self.sender(turn), "/tracker/events", include_events="NONE"),
            orjson_of(events, self.server.who),
            turn.deadline,
            {"content-type": "application/json", **self.headers(self.sender(turn))},
        )
        if response.status == 404:
            self.server.fail("has no HTTP API: start Rasa with --enable-api, or set sync = false")
        self.server.check(response.status, response.headers)

    async def look(self, turn: Turn) -> Sequence[Action]:
        """What Rasa made of the turn. Its answer is here already: nothing that fails here costs it."""
        settings = self.settings
        if not settings.sync or not turn.messages or not (settings.read_slots or settings.fallback_intent):
            return ()
        try:
            url = self.api(self.sender(turn), "/tracker", include_events="NONE")
            found = await self.server.get(url, turn.deadline, **self.headers(self.sender(turn)))
            return tuple(learned(settings, dict_of(found, "a tracker", self.server.who)))
        except BotFailed as error:
            log.warning("rasa's tracker was not read", error=str(error))
            return ()

    async def check(self) -> Sequence[Checked]:
        until = self.clock.now() + timedelta(seconds=CHECK_SECONDS)
        return [await self.checked_server(until), await self.checked_model(until)]

    async def checked_server(self, until: datetime) -> Checked:
        try:
            found = dict_of(await self.server.get(f"{self.settings.url}/version", until), "a version", self.server.who)
        except BotFailed as error:
            return Checked(ok=False, what=str(error), mend="start it: rasa run --enable-api")
        return Checked(ok=True, what=f"Rasa {str(found.get('version', '?'))[:20]} answers")

    async def checked_model(self, until: datetime) -> Checked:
        try:
            url = f"{self.settings.url}/status{self.token()}"
            found = dict_of(await self.server.get(url, until, **self.headers("check")), "a status", self.server.who)
        except BotFailed as error:
            mend = "start Rasa with --enable-api, give 'token' or 'jwt_secret' as Rasa has them, and load a model"
            return Checked(ok=False, what=str(error), mend=mend)
        return Checked(ok=True, what=f"model {str(found.get('model_file', '?')).rpartition('/')[2][:80]} is loaded")

    def sender(self, turn: Turn) -> str:
        return turn.conversation_id if self.settings.sender == "conversation" else turn.customer_id

    def api(self, sender: str, path: str, **query: str) -> str:
        return f"{self.settings.url}/conversations/{quote(sender, safe='')}{path}{self.token(**query)}"

    def token(self, **query: str) -> str:
        """Rasa takes its token in the address only; the client's errors never show one."""
        token = self.settings.token.get_secret_value()
        query = {**query, **({"token": token} if token else {})}
        return f"?{urlencode(query)}" if query else ""

    def headers(self, sender: str) -> dict[str, str]:
        """Of the role "admin", which may see every conversation. Raises PyJWTError."""
        secret = self.settings.jwt_secret.get_secret_value()
        if not secret:
            return {}
        expires = int(self.clock.now().timestamp()) + TOKEN_SECONDS
        claims = {"user": {"username": sender, "role": "admin"}, "exp": expires}
        return {"authorization": f"Bearer {jwt.encode(claims, secret, algorithm=self.settings.jwt_method)}"}


def metadata(turn: Turn) -> dict[str, Any]:
    """What actions find in `tracker.latest_message["metadata"]["parley"]`."""
    return {
        "turn_id": turn.id,
        "app_id": turn.app_id,
        "language": turn.language,
        "channel": {"id": turn.channel.id, "kind": turn.channel.kind},
        "profile": dict(turn.profile),
        "context": dict(turn.context),
        "original": turn.original,
        "media": [part.url for line in turn.messages for part in line.parts if isinstance(part, Media)],
    }


def messages(settings: Settings, turn: Turn) -> list[str]:
    """What Rasa is sent: the words of the turn as one, or what a tap or a form stands for."""
    last = turn.messages[-1].parts[-1] if turn.messages and turn.messages[-1].parts else None
    if not turn.messages:
        return [settings.greeting] if settings.greeting else []
    if isinstance(last, Tap):
        return [last.payload or last.title]
    if isinstance(last, FormAnswer):
        return [f"/{settings.form_intent}{orjson.dumps(dict(last.values)).decode()}"]
    text = turn.text if settings.commands else harmless(turn.text)
    if text.strip():
        return [text]
    return [f"/{settings.media_intent}"] if settings.media_intent else []


def harmless(text: str) -> str:
    """A line that begins with / names an intent of Rasa's, and its slots: /restart, /refund{"amount": 100}."""
    stripped = text.lstrip()
    return stripped.lstrip("/ ") if stripped.startswith("/") else text


def learned(settings: Settings, found: dict[str, Any]) -> Sequence[Action]:
    slots = found.get("slots")
    known = slots if isinstance(slots, dict) else {}
    read = {name: known[name] for name in settings.read_slots if name in known}
    latest = found.get("latest_message")
    intent = latest.get("intent") if isinstance(latest, dict) else None
    name = intent.get("name") if isinstance(intent, dict) else None
    missed = [NotUnderstood()] if settings.fallback_intent and name == settings.fallback_intent else []
    return [*missed, *([SetSlots(slots=read)] if read else [])]
