"""Intents from a Rasa server's own model: `/model/parse` (rasa.com/docs/reference/api/pro/http-api)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from orchestrator.bot_server import BotServer, dict_of
from orchestrator.errors import BotFailed, EngineFailed
from orchestrator.ports import Clock, Files, Http, Stage
from orchestrator.types import Intent, Understanding, Utterance
from orchestrator.web_address import ServerAddress

SHOWN = 3
LONGEST = 1000


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    url: ServerAddress = Field(description="The Rasa server, such as http://127.0.0.1:5005.")
    token: SecretStr = Field(SecretStr(""), description="The server's --auth-token.")
    language: str = Field("", description="The model's language; empty: it reads the customer's own words.")
    threshold: float = Field(0.5, ge=0, le=1, description="Below this confidence a message is of no intent.")
    fallback_intent: str = Field("nlu_fallback", description="Rasa's name for: none of mine.")
    seconds: float = Field(1.0, gt=0, le=60, description="The longest a message may take to be read.")


class RasaIntents:
    """A Stage. Fills in `intents`, likeliest first, and `out_of_scope`."""

    name = "intent"
    engine = "rasa"

    def __init__(self, settings: Settings, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.clock = clock
        self.server = BotServer(who=f"rasa at {urlsplit(settings.url).netloc!r}", http=http, clock=clock)

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        """Raises EngineFailed."""
        text = (known.pivot or said.text) if self.settings.language == said.pivot_language else said.text
        if not text.strip() or text.lstrip().startswith("/"):  # what begins with / names an intent by itself
            return known
        token = self.settings.token.get_secret_value()
        query = f"?{urlencode({'token': token})}" if token else ""
        until = self.clock.now() + timedelta(seconds=self.settings.seconds)
        try:
            found = await self.server.post(f"{self.settings.url}/model/parse{query}", {"text": text[:LONGEST]}, until)
            ranked = intents(dict_of(found, "a reading", self.server.who))
        except BotFailed as error:
            raise EngineFailed(str(error), retry_after=error.retry_after) from None
        fallback = self.settings.fallback_intent
        outside = max((each.score for each in ranked if each.name == fallback), default=0.0)
        likely = [each for each in ranked if each.name != fallback and each.score >= self.settings.threshold]
        return replace(known, intents=tuple(likely[:SHOWN]), out_of_scope=max(known.out_of_scope, outside))


def intents(found: dict[str, Any]) -> list[Intent]:
    """What it ranked, without what is no intent with a confidence; likeliest first."""
    ranking = found.get("intent_ranking") or [found.get("intent")]
    ranked = [
        Intent(name=str(each["name"])[:200], score=min(max(float(each["confidence"]), 0.0), 1.0), engine="rasa")
        for each in (ranking if isinstance(ranking, list) else [])
        if isinstance(each, dict) and each.get("name") and isinstance(each.get("confidence"), int | float)
    ]
    return sorted(ranked, key=lambda each: -each.score)


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    del files
    return RasaIntents(settings, clock, http)
