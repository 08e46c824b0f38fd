"""A turn with Dialogflow: detectIntent, with parameters in and out."""

import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import jwt

from bots.dialogflow.said import EVENT, Reader
from bots.dialogflow.settings import Settings
from bots.dialogflow.token import Tokens, account
from orchestrator.bot_server import BotServer, dict_of, orjson_of
from orchestrator.errors import BotFailed, Misconfigured
from orchestrator.facts import named
from orchestrator.ports import Bot, Clock, Files, Http
from orchestrator.types import Action, Checked, Close, HandOff, NotUnderstood, SetSlots, Turn

CHECK_SECONDS = 5.0
LONGEST = 256
"""Characters Dialogflow takes (cloud.google.com/dialogflow/quotas)."""
NO_MATCH = ("NO_MATCH", "NO_INPUT")


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    """Reads the key file. Raises Misconfigured."""
    del files
    if settings.edition == "cx" and not settings.agent:
        raise Misconfigured("Dialogflow CX needs the id of the agent", key=("agent",))
    bot = DialogflowBot(settings, account(settings.credentials), clock, http)
    try:
        bot.tokens.assertion()
    except (jwt.PyJWTError, ValueError, TypeError):
        raise Misconfigured(
            f"key file {str(settings.credentials)!r} has no usable private key", key=("credentials",)
        ) from None
    return bot


class DialogflowBot:
    def __init__(self, settings: Settings, account: Mapping[str, str], clock: Clock, http: Http) -> None:
        self.settings = settings
        self.language = settings.language
        self.project = settings.project or account.get("project_id", "")
        region = "" if settings.location == "global" else f"{settings.location}-"
        self.api = settings.api or f"https://{region}dialogflow.googleapis.com"
        self.server = BotServer(
            who=f"dialogflow bot at {urlsplit(self.api).netloc!r}",
            http=http,
            clock=clock,
            trusted=settings.trusted,
            retries=settings.retries,
        )
        self.tokens = Tokens(account, self.server, clock)
        self.reader = Reader(self.server.who)

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    async def check(self) -> list[Checked]:
        try:
            await self.tokens.header(self.server.clock.now() + timedelta(seconds=CHECK_SECONDS))
        except BotFailed as error:
            return [Checked(ok=False, what=str(error), mend="check the key file, and that its account is enabled")]
        return [Checked(ok=True, what="Google gives the service account a token")]

    async def reply(self, turn: Turn) -> AsyncGenerator[Action, None]:
        asked = self.input(turn)
        if asked is None:
            return
        body = {"queryInput": asked, "queryParams": self.parameters(turn)}
        answer = dict_of(await self.detect(turn, body), "an answer", self.server.who)
        result = dict_of(answer.get("queryResult"), "a result", self.server.who)
        for action in self.said(result):
            yield action
        for action in self.outcome(result):
            yield action

    async def detect(self, turn: Turn, body: dict[str, Any]) -> Any:
        """Once more with a new token when ours is refused: it may have been revoked before its time."""
        packed = orjson_of(body, self.server.who)
        for last in (False, True):
            headers = {"content-type": "application/json", **await self.tokens.header(turn.deadline)}
            response = await self.server.ask("POST", self.url(turn), packed, turn.deadline, headers)
            if response.status != 401 or last:
                break
            self.tokens.forget()
        return self.server.read(response)

    def url(self, turn: Turn) -> str:
        settings = self.settings
        session = quote(re.sub(r"[^A-Za-z0-9_-]", "-", turn.conversation_id)[:36], safe="")
        place = f"projects/{self.project}/locations/{settings.location}"
        if settings.edition == "cx":
            environment = f"/environments/{settings.environment}" if settings.environment else ""
            return f"{self.api}/v3/{place}/agents/{settings.agent}{environment}/sessions/{session}:detectIntent"
        if settings.location == "global":
            place = f"projects/{self.project}"
        environment = f"/environments/{settings.environment}/users/-" if settings.environment else ""
        return f"{self.api}/v2/{place}/agent{environment}/sessions/{session}:detectIntent"

    def input(self, turn: Turn) -> dict[str, Any] | None:
        """Words, or an event: the greeting's, or the one a tap stands for."""
        code = self.settings.codes.get(turn.bot_language, turn.bot_language)
        event = self.settings.greeting_event if not turn.messages else ""
        if turn.payload.startswith(EVENT):
            event = turn.payload.removeprefix(EVENT)
        text = (turn.payload or turn.text).strip()[:LONGEST]
        if not event and not text:
            return None
        if self.settings.edition == "cx":
            return (
                {"event": {"event": event}, "languageCode": code}
                if event
                else {"text": {"text": text}, "languageCode": code}
            )
        return (
            {"event": {"name": event, "languageCode": code}}
            if event
            else {"text": {"text": text, "languageCode": code}}
        )

    def parameters(self, turn: Turn) -> dict[str, Any]:
        found = {name: value for name, value in named(turn, self.settings.parameters).items() if value is not None}
        if turn.returned is not None:
            found["parley_note"] = turn.returned.note
        more: dict[str, Any] = {"payload": {"parley": {"turn_id": turn.id, "language": turn.language}}}
        if self.settings.time_zone:
            more["timeZone"] = self.settings.time_zone
        if self.settings.edition == "cx":
            return {**more, "parameters": found}
        session = self.url(turn).partition("/v2/")[2].removesuffix(":detectIntent")
        context = {"name": f"{session}/contexts/parley", "lifespanCount": 2, "parameters": found}
        return {**more, "contexts": [context]}

    def said(self, result: dict[str, Any]) -> tuple[Action, ...]:
        if self.settings.edition == "cx":
            return self.reader.actions(result.get("responseMessages"))
        messages = result.get("fulfillmentMessages") or []
        # Answers for one platform stand beside those for all: only the latter are for us.
        ours = (
            [each for each in messages if not (isinstance(each, dict) and each.get("platform"))]
            if isinstance(messages, list)
            else messages
        )
        if not ours and result.get("fulfillmentText"):
            ours = [{"text": {"text": [result["fulfillmentText"]]}}]
        return self.reader.actions(ours)

    def outcome(self, result: dict[str, Any]) -> Iterator[Action]:
        """Parameters, and whether it matched, hands off or is done."""
        given = result.get("parameters")
        known = given if isinstance(given, dict) else {}
        wanted = (
            known if "*" in self.settings.read_parameters else [n for n in self.settings.read_parameters if n in known]
        )
        if read := {name: known[name] for name in wanted}:
            yield SetSlots(slots=read)
        match = result.get("match") if isinstance(result.get("match"), dict) else {}
        intent = result.get("intent") if isinstance(result.get("intent"), dict) else {}
        if (isinstance(match, dict) and match.get("matchType") in NO_MATCH) or truth(intent, "isFallback"):
            yield NotUnderstood()
        if truth(intent, "liveAgentHandoff"):
            yield HandOff(
                reason=f"the intent {str(intent.get('displayName', ''))[:80]!r}" if isinstance(intent, dict) else ""
            )
        messages = result.get("responseMessages")
        ended = isinstance(messages, list) and any(
            isinstance(each, dict) and "endInteraction" in each for each in messages
        )
        if ended or truth(intent, "endInteraction"):
            yield Close()


def truth(value: Any, name: str) -> bool:
    return isinstance(value, dict) and value.get(name) is True
