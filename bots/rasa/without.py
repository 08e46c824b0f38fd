"""Actions written for rasa-sdk, called as a bot without Rasa: Parley keeps the tracker, an action server does the rest.

What is called is its `/webhook` (rasa.com/docs/action-server): `next_action`, the tracker and a domain go
there, events and responses come back. Which action: the one a tap names ("/intent" or "action_…"), else the one of
the likeliest intent, else `default`.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bots.rasa.bot import metadata
from bots.rasa.said import Reader
from orchestrator.bot_server import BotServer, dict_of, list_of
from orchestrator.errors import BotFailed
from orchestrator.ports import Bot, Clock, Files, Http
from orchestrator.types import Action, Checked, Close, HandOff, NotUnderstood, SetSlots, Turn
from orchestrator.web_address import ServerAddress

MOST_ACTIONS = 10
"""Actions one turn may run by following up: they never loop."""
CHECK_SECONDS = 5.0
VERSION = "3.10.0"
"""Of Rasa, as the SDK wants to be told."""


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    url: ServerAddress = Field(description="The action server's webhook, such as http://127.0.0.1:5055/webhook.")
    default: str = Field("", description="Action for what no intent names; empty: that counts as not understood.")
    greeting: str = Field("", description="Action when a chat was just opened.")
    intents: Mapping[str, str] = Field(default_factory=dict, description="Actions by intent of Parley's understanding.")
    responses: Mapping[str, str | tuple[str, ...]] = Field(
        default_factory=dict, description="Texts by name, for actions that utter a 'response'; slots in {braces}."
    )
    slots: Mapping[str, Any] = Field(default_factory=dict, description="The tracker's slots and their first values.")
    headers: Mapping[str, SecretStr] = Field(default_factory=dict, description="Sent along, for a proxy before it.")
    language: str = Field("en", description="The language the bot is written in; empty: it answers in the customer's.")
    trusted: bool = Field(
        True, description="Whether the address may be private, such as 127.0.0.1; never for one that came over the API."
    )
    retries: int = Field(1, ge=0, le=5, description="More tries after a 429, a 503 or no connection.")
    markdown: bool = Field(False, description="Whether the actions' texts are Markdown.")
    unknown_custom: Literal["refuse", "ignore"] = Field(
        "refuse", description="What to do with a custom payload that is none of Parley's."
    )


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    del files
    return ActionsBot(settings, clock, http)


@dataclass(slots=True)
class Tracker:
    """What is said and set within the turn; `changed` are the slots to keep, None for those that went."""

    slots: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    changed: dict[str, Any] = field(default_factory=dict)
    paused: bool = False
    over: bool = False
    follow: str = ""
    last: str = ""

    def put(self, name: str, value: Any) -> None:
        self.slots[name] = value
        self.changed[name] = value

    def take(self, event: Mapping[str, Any], first: Mapping[str, Any]) -> None:
        """One event of the SDK's (rasa_sdk.events); kinds that mean nothing without Rasa are only kept."""
        self.events.append(dict(event))
        match event.get("event"):
            case "slot" if isinstance(event.get("name"), str):
                self.put(event["name"], event.get("value"))
            case "reset_slots" | "restart":
                for name in list(self.slots):
                    self.put(name, first.get(name))
            case "followup" if isinstance(event.get("name"), str):
                self.follow = event["name"]
            case "pause":
                self.paused = True
            case "resume":
                self.paused = False
            case "session_ended":
                self.over = True


class ActionsBot:
    def __init__(self, settings: Settings, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.language = settings.language
        self.clock = clock
        self.server = BotServer(
            who=f"rasa actions at {urlsplit(settings.url).netloc!r}",
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
        name = chosen(self.settings, turn)
        if not name:
            if turn.messages:
                yield NotUnderstood()
            return
        mine = turn.slots.get(slot_of(turn))
        tracker = Tracker({**self.settings.slots, **(mine if isinstance(mine, Mapping) else {})})
        for _ in range(MOST_ACTIONS):
            tracker.follow, tracker.last = "", name
            for action in await self.run(turn, name, tracker):
                yield action
            if not tracker.follow or tracker.paused or tracker.over:
                break
            name = tracker.follow
        else:
            raise BotFailed(f"{self.server.who} followed up with more than {MOST_ACTIONS} actions")
        for action in outcome(turn, tracker):
            yield action

    async def run(self, turn: Turn, name: str, tracker: Tracker) -> Sequence[Action]:
        body = call(self.settings, turn, name, tracker)
        answer = await self.server.post(self.settings.url, body, turn.deadline)
        found = dict_of(answer, "an answer", self.server.who)
        for event in list_of(found.get("events") or [], "events", self.server.who):
            tracker.take(dict_of(event, "an event", self.server.who), self.settings.slots)
        responses = list_of(found.get("responses") or [], "responses", self.server.who)
        said = [self.worded(dict_of(one, "a response", self.server.who), tracker) for one in responses]
        return self.reader.actions(said)

    def worded(self, response: dict[str, Any], tracker: Tracker) -> dict[str, Any]:
        """With the text its name stands for: in Rasa the domain would have it. Raises BotFailed."""
        name = response.get("response") or response.get("template")
        if not name or response.get("text"):
            return response
        found = self.settings.responses.get(str(name))
        if found is None:
            self.server.fail(f"uttered the response {str(name)[:80]!r}; give its text in 'responses'")
        texts = (found,) if isinstance(found, str) else found
        text = texts[len(tracker.events) % len(texts)] if texts else ""
        known = {**tracker.slots, **{key: value for key, value in response.items() if isinstance(value, str)}}
        return {**response, "text": filled(text, known)}

    async def check(self) -> Sequence[Checked]:
        until = self.clock.now() + timedelta(seconds=CHECK_SECONDS)
        base = self.settings.url.rpartition("/")[0]
        try:
            found = list_of(await self.server.get(f"{base}/actions", until), "actions", self.server.who)
        except BotFailed as error:
            return [Checked(ok=False, what=str(error), mend="start it: parley rasa actions")]
        there = {one.get("name") for one in found if isinstance(one, dict)}
        wanted = {*self.settings.intents.values(), self.settings.default, self.settings.greeting} - {""}
        missing = sorted(wanted - there)
        return [
            Checked(ok=True, what=f"the action server has {len(there)} actions"),
            *(Checked(ok=False, what=f"it has no action {name!r}", mend="mend 'intents'") for name in missing),
        ]


def slot_of(turn: Turn) -> str:
    return f"rasa_actions:{turn.bot}"


def chosen(settings: Settings, turn: Turn) -> str:
    """The action to run; "" for none."""
    if not turn.messages:
        return settings.greeting
    if turn.payload:
        name = turn.payload.removeprefix("/").partition("{")[0]
        return name if name in settings.intents.values() else settings.intents.get(name, settings.default)
    found = turn.understanding.intents if turn.understanding else ()
    return next((settings.intents[each.name] for each in found if each.name in settings.intents), settings.default)


def call(settings: Settings, turn: Turn, name: str, tracker: Tracker) -> dict[str, Any]:
    """The body of a call (rasa.com/docs/reference/api/pro/action-server-api)."""
    found = turn.understanding.intents if turn.understanding else ()
    ranking = [{"name": each.name, "confidence": each.score} for each in found]
    latest = {
        "text": turn.text,
        "intent": ranking[0] if ranking else {"name": None, "confidence": 0.0},
        "intent_ranking": ranking,
        "entities": entities(turn),
        "metadata": {"parley": metadata(turn)},
        "message_id": turn.id,
    }
    now = turn.now.timestamp()
    user = {"event": "user", "timestamp": now, "text": turn.text, "parse_data": latest, "input_channel": "parley"}
    return {
        "version": VERSION,
        "next_action": name,
        "sender_id": turn.conversation_id,
        "tracker": {
            "sender_id": turn.conversation_id,
            "conversation_id": turn.conversation_id,
            "slots": tracker.slots,
            "latest_message": latest,
            "latest_event_time": now,
            "followup_action": None,
            "paused": tracker.paused,
            "events": [user, *tracker.events],
            "latest_input_channel": "parley",
            "active_loop": {},
            "latest_action_name": tracker.last,
        },
        "domain": {
            "config": {},
            "session_config": {},
            "intents": sorted(settings.intents),
            "entities": [],
            "slots": {slot: {"type": "any"} for slot in settings.slots},
            "responses": {},
            "actions": sorted({*settings.intents.values(), settings.default, settings.greeting} - {""}),
            "forms": {},
            "e2e_actions": [],
        },
    }


def entities(turn: Turn) -> list[dict[str, Any]]:
    """A form's values, and those of a payload such as /order{"size": "l"}."""
    found: dict[str, Any] = dict(turn.form)
    _, brace, rest = turn.payload.partition("{")
    if brace:
        try:
            given = orjson.loads(brace + rest)
        except orjson.JSONDecodeError:
            given = {}
        found.update(given if isinstance(given, dict) else {})
    return [{"entity": name, "value": value} for name, value in found.items()]


def filled(text: str, known: Mapping[str, Any]) -> str:
    """`{name}` replaced by what is known; what is not stays."""
    for name, value in known.items():
        if isinstance(value, str | int | float):
            text = text.replace(f"{{{name}}}", str(value))
    return text


def outcome(turn: Turn, tracker: Tracker) -> Sequence[Action]:
    done: list[Action] = []
    if tracker.changed:
        kept = {name: value for name, value in tracker.slots.items() if value is not None}
        done.append(SetSlots(slots={slot_of(turn): kept, **tracker.changed}))
    if tracker.paused:
        done.append(HandOff(reason=f"the action {tracker.last!r} paused the conversation"))
    if tracker.over:
        done.append(Close())
    return done
