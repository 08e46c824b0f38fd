"""Translation by LibreTranslate, your own server or the public one: its protocol, spoken directly.

docs.libretranslate.com: POST /translate takes several texts at once; GET /languages says which pairs there are.
"""

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from orchestrator.errors import EngineFailed, Misconfigured
from orchestrator.ports import Clock, Files, Http, Translator
from orchestrator.remote import Remote, batches, listed

# What servers allow unless told otherwise is more; public ones allow less, and say so with 400.
MOST_TEXTS = 50
MOST_CHARACTERS = 5000
# LibreTranslate names Chinese by script.
CODES = {"zh": "zh-Hans"}


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    url: str = Field("", description="Where the server is, such as http://127.0.0.1:5000.")
    api_key: SecretStr = Field(SecretStr(""), description="Key, as env:NAME, if the server wants one.")
    third_party: bool | None = Field(
        None, description="Whether texts leave your house; default: only with the public servers."
    )


class LibreTranslate:
    """A Translator. All texts of a message travel in one request."""

    name = "libretranslate"

    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.url = settings.url.rstrip("/")
        self.third_party = third_party(settings)
        self.remote = Remote(name=self.name, http=http, clock=clock)
        self.targets: Mapping[str, frozenset[str]] = {}

    async def open(self) -> None:
        """A server that is not up yet may come later: until it says which pairs it has, every pair is tried."""
        await self.learn()

    async def close(self) -> None:
        """Nothing is left open."""

    async def learn(self) -> None:
        try:
            async with asyncio.timeout(2.0):
                listed = await self.remote.get(f"{self.url}/languages")
            codes = [one["code"] for one in listed]
            self.targets = {one["code"]: frozenset(one.get("targets") or codes) for one in listed}
        except (EngineFailed, TimeoutError, TypeError, KeyError):
            self.targets = {}

    def pairs(self, source: str, target: str) -> bool:
        return not self.targets or self.code(target) in self.targets.get(self.code(source), ())

    def code(self, language: str) -> str:
        other = CODES.get(language, language)
        return other if other in self.targets else language

    async def translate(self, texts: Sequence[str], source: str, target: str) -> Sequence[str]:
        said: list[str] = []
        for batch in batches(texts, most=MOST_TEXTS, longest=MOST_CHARACTERS):
            said += await self.batch(batch, source, target)
        return said

    async def batch(self, texts: list[str], source: str, target: str) -> Sequence[str]:
        key = self.settings.api_key.get_secret_value()
        body = {
            "q": texts,
            "source": self.code(source),
            "target": self.code(target),
            "format": "text",
            **({"api_key": key} if key else {}),
        }
        answer = await self.remote.post(f"{self.url}/translate", body)
        if not self.targets:
            await self.learn()
        return listed(answer.get("translatedText") if isinstance(answer, dict) else None, len(texts))


def third_party(settings: Settings) -> bool:
    if settings.third_party is not None:
        return settings.third_party
    return (urlsplit(settings.url).hostname or "").endswith(("libretranslate.com", "libretranslate.de"))


def usable(settings: Settings) -> str | None:
    """Why this engine can't be used as configured; None when it can. Says nothing about whether it is up."""
    parts = urlsplit(settings.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "libretranslate needs a url, such as http://127.0.0.1:5000"
    return None


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Translator:
    """Raises Misconfigured without a url."""
    if reason := usable(settings):
        raise Misconfigured(reason, key=("url",))
    return LibreTranslate(settings, clock=clock, http=http)
