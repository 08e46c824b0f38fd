"""A turn with Amazon Lex V2: signed, its session attributes kept in step, what it made of the words read."""

import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bots.lex.said import actions
from bots.lex.sign import Keys, signed
from orchestrator.bot_server import BotServer, dict_of, orjson_of
from orchestrator.facts import named
from orchestrator.ports import Bot, Clock, Files, Http
from orchestrator.types import Action, HandOff, NotUnderstood, SetSlots, Turn
from orchestrator.web_address import OptionalServerAddress

LONGEST = 1024
"""Characters Lex takes."""
DONE = ("Fulfilled", "ReadyForFulfillment")


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    region: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="AWS region, such as 'eu-west-1'.")
    bot_id: str = Field(pattern=r"^[A-Za-z0-9]{1,40}$", description="Id of the bot.")
    alias_id: str = Field(pattern=r"^[A-Za-z0-9]{1,40}$", description="Id of the alias.")
    locales: Mapping[str, str] = Field(
        default_factory=lambda: {"en": "en_US"}, description="Locales of the bot by language; the first for all others."
    )
    access_key: str = Field(description="Access key id of an IAM user or role with lex:RecognizeText.")
    secret_key: SecretStr = Field(description="Its secret access key, as env:NAME.")
    session_token: SecretStr = Field(SecretStr(""), description="With temporary credentials: their session token.")
    language: str = Field("en", description="The language the bot is written in; empty: those in 'locales'.")
    attributes: Mapping[str, str] = Field(
        default_factory=lambda: {"language": "language", "channel": "channel"},
        description="Session attributes, and what goes into each, such as 'profile.name' or 'context.cart.total'.",
    )
    greeting: str = Field("", description="Text sent to Lex when a chat was just opened, such as 'hello'.")
    fallback_intent: str = Field("FallbackIntent", description="Intent that counts as not understood.")
    handoff_intents: tuple[str, ...] = Field((), description="Intents that ask for a person once they are fulfilled.")
    handoff_attribute: str = Field(
        "parley_handoff", description="Session attribute that asks for a person: the reason, or 'true'."
    )
    read_slots: tuple[str, ...] = Field((), description="Slots of Lex that Parley keeps too; '*' is all of them.")
    api: OptionalServerAddress = Field("", description="Another endpoint than the region's.")
    trusted: bool = Field(True, description="Whether 'api' may be private; never for one that came over the API.")
    retries: int = Field(1, ge=0, le=5, description="More tries after a 429, a 503 or no connection.")


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    del files
    return LexBot(settings, clock, http)


class LexBot:
    def __init__(self, settings: Settings, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.language = settings.language
        self.clock = clock
        self.api = settings.api or f"https://runtime-v2-lex.{settings.region}.amazonaws.com"
        self.keys = Keys(
            access=settings.access_key,
            secret=settings.secret_key.get_secret_value(),
            session=settings.session_token.get_secret_value(),
        )
        self.server = BotServer(
            who=f"lex bot at {urlsplit(self.api).netloc!r}",
            http=http,
            clock=clock,
            trusted=settings.trusted,
            retries=settings.retries,
        )

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    async def reply(self, turn: Turn) -> AsyncGenerator[Action, None]:
        text = said(turn) if turn.messages else self.settings.greeting
        if not text:
            return
        known = attributes_of(turn)
        body = orjson_of(
            {
                "text": text[:LONGEST],
                "sessionState": {"sessionAttributes": {**known, **self.attributes(turn)}},
                "requestAttributes": {"parley-turn": turn.id},
            },
            self.server.who,
        )
        url = self.url(turn)
        headers = signed(
            self.keys,
            "POST",
            url,
            {"content-type": "application/json"},
            body,
            region=self.settings.region,
            service="lex",
            now=self.clock.now(),
        )
        answer = self.server.read(await self.server.ask("POST", url, body, turn.deadline, headers))
        found = dict_of(answer, "an answer", self.server.who)
        for action in (*actions(found.get("messages"), self.server.who), *self.outcome(turn, found)):
            yield action

    def url(self, turn: Turn) -> str:
        settings = self.settings
        locale = settings.locales.get(turn.bot_language) or next(iter(settings.locales.values()), "en_US")
        session = re.sub(r"[^A-Za-z0-9._-]", "-", turn.conversation_id)[:100]
        return (
            f"{self.api}/bots/{settings.bot_id}/botAliases/{settings.alias_id}/botLocales/{locale}"
            f"/sessions/{session}/text"
        )

    def attributes(self, turn: Turn) -> dict[str, str]:
        """Lex keeps strings only."""
        found = {**named(turn, self.settings.attributes)}
        if turn.returned is not None:
            found["parley_note"] = turn.returned.note
        return {name: worded(value, self.server.who) for name, value in found.items() if value is not None}

    def outcome(self, turn: Turn, found: dict[str, Any]) -> Iterator[Action]:
        """What Lex made of the words, from its session state."""
        state = dict_of(found.get("sessionState") or {}, "a session state", self.server.who)
        intent = state.get("intent") if isinstance(state.get("intent"), dict) else {}
        given = state.get("sessionAttributes")
        attributes = {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
        wish = attributes.pop(self.settings.handoff_attribute, "")
        name = intent.get("name") if isinstance(intent, dict) else ""
        if isinstance(intent, dict) and name == self.settings.fallback_intent:
            yield NotUnderstood()
        yield SetSlots(slots={slot_of(turn): attributes, **self.slots(intent)})
        if wish and wish.lower() != "false":
            yield HandOff(reason="" if wish.lower() == "true" else wish[:500])
        elif isinstance(intent, dict) and name in self.settings.handoff_intents and intent.get("state") in DONE:
            yield HandOff(reason=f"the intent {name!r}")

    def slots(self, intent: Any) -> dict[str, Any]:
        given = intent.get("slots") if isinstance(intent, dict) else None
        slots = given if isinstance(given, dict) else {}
        wanted = (
            slots if "*" in self.settings.read_slots else [name for name in self.settings.read_slots if name in slots]
        )
        return {name: interpreted(slots[name]) for name in wanted}


def said(turn: Turn) -> str:
    """A tap stands for its value, which is what Lex offered."""
    return turn.payload or turn.text.strip()


def slot_of(turn: Turn) -> str:
    return f"lex:{turn.bot}"


def attributes_of(turn: Turn) -> dict[str, str]:
    """Lex's own, as it last gave them: what is sent takes the place of all."""
    kept = turn.slots.get(slot_of(turn))
    return {str(name): str(value) for name, value in kept.items()} if isinstance(kept, Mapping) else {}


def worded(value: Any, who: str) -> str:
    return value if isinstance(value, str) else orjson_of(value, who).decode()


def interpreted(slot: Any) -> Any:
    """A slot's value; a list of them when it takes several."""
    if not isinstance(slot, dict):
        return None
    several = slot.get("values")
    if isinstance(several, list):
        return [interpreted(each) for each in several]
    value = slot.get("value")
    return value.get("interpretedValue") if isinstance(value, dict) else None
