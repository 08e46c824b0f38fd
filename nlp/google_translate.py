"""Translation by Google Cloud: v3 ("Advanced") with a service account, or v2 ("Basic") with an API key.

v3 takes no API keys (docs.cloud.google.com/translate/docs/authentication). A service account signs a JWT with its
key and gets an access token for an hour (developers.google.com/identity/protocols/oauth2/service-account).
"""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from orchestrator.errors import EngineFailed, Misconfigured
from orchestrator.ports import Clock, Files, Http, Translator
from orchestrator.remote import Remote, batches, listed, marked_up, plain

API = "https://translation.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/cloud-translation"
LIFETIME = 3600
# An access token is renewed this long before it expires.
MARGIN = 120.0
# v3: 1,024 texts and 30,000 code points recommended; v2: 128 texts.
MOST_TEXTS = 100
MOST_CHARACTERS = 20_000
KEPT = '<span translate="no">'
CODES = {"zh": "zh-CN"}


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    credentials: Path | None = Field(None, description="A service account's key file (JSON): Cloud Translation v3.")
    api_key: SecretStr = Field(SecretStr(""), description="An API key instead, as env:NAME: Cloud Translation v2.")
    project: str = Field("", description="Project to bill. Default: the service account's.")
    location: str = Field("global", description="Location, such as 'europe-west1'; v3 only.")
    model: str = Field("", description="Model, such as 'general/translation-llm'; v3 only.")
    url: str = Field(API, description="Another endpoint, such as https://translate-eu.googleapis.com.")


class GoogleTranslate:
    """A Translator. All texts of a message travel in one request. Pairs it does not know it refuses (400)."""

    name = "google-translate"
    third_party = True

    def __init__(self, settings: Settings, account: dict[str, str], *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.account = account
        self.clock = clock
        self.url = settings.url.rstrip("/")
        self.remote = Remote(name=self.name, http=http, clock=clock)
        self.token = ""
        self.until = 0.0
        self.renewing = asyncio.Lock()

    async def open(self) -> None:
        """The first call opens the connection."""

    async def close(self) -> None:
        """Nothing is left open."""

    def pairs(self, source: str, target: str) -> bool:
        return True

    async def translate(self, texts: Sequence[str], source: str, target: str) -> Sequence[str]:
        said: list[str] = []
        for batch in batches(texts, most=MOST_TEXTS, longest=MOST_CHARACTERS):
            marked = [marked_up(text, KEPT, "</span>") for text in batch]
            pair = (CODES.get(source, source), CODES.get(target, target))
            answer = await (self.advanced(marked, *pair) if self.account else self.basic(marked, *pair))
            said += [plain(text, "span") for text in listed(translated(answer), len(batch))]
        return said

    async def advanced(self, texts: list[str], source: str, target: str) -> Any:
        project = self.settings.project or self.account["project_id"]
        parent = f"projects/{project}/locations/{self.settings.location}"
        body = {
            "contents": texts,
            "mimeType": "text/html",
            "sourceLanguageCode": source,
            "targetLanguageCode": target,
            **({"model": f"{parent}/models/{self.settings.model}"} if self.settings.model else {}),
        }
        url = f"{self.url}/v3/{parent}:translateText"
        return await self.remote.post(url, body, Authorization=f"Bearer {await self.access()}")

    async def basic(self, texts: list[str], source: str, target: str) -> Any:
        body = {"q": texts, "source": source, "target": target, "format": "html"}
        key = {"X-goog-api-key": self.settings.api_key.get_secret_value()}
        answer = await self.remote.post(f"{self.url}/language/translate/v2", body, **key)
        return answer.get("data") if isinstance(answer, dict) else None

    async def access(self) -> str:
        """An access token with some time left; whoever comes while it is renewed waits for the same one."""
        async with self.renewing:
            if self.clock.monotonic() >= self.until:
                self.token, seconds = await self.renewed()
                self.until = self.clock.monotonic() + max(seconds - MARGIN, 0)
            return self.token

    async def renewed(self) -> tuple[str, float]:
        body = urlencode(
            {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": self.assertion()}
        ).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self.remote.ask("POST", self.account["token_uri"], body, headers)
        try:
            return str(answer["access_token"]), float(answer.get("expires_in", LIFETIME))
        except (TypeError, KeyError, ValueError):
            raise EngineFailed("gave no access token") from None

    def assertion(self) -> str:
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": self.account["client_email"],
            "scope": SCOPE,
            "aud": self.account["token_uri"],
            "iat": now,
            "exp": now + LIFETIME,
        }
        headers = {"kid": self.account["private_key_id"]} if "private_key_id" in self.account else None
        return jwt.encode(claims, self.account["private_key"], algorithm="RS256", headers=headers)


def translated(answer: Any) -> list[Any]:
    try:
        return [one["translatedText"] for one in answer["translations"]]
    except (TypeError, KeyError):
        raise EngineFailed("answered something else than translations") from None


def read_account(path: Path | None) -> dict[str, str]:
    """Raises Misconfigured, and quotes nothing of the file."""
    if path is None:
        return {}
    try:
        account = json.loads(path.read_text(encoding="utf-8"))
        wanted = ("client_email", "private_key", "token_uri", "project_id")
        if missing := [name for name in wanted if not isinstance(account.get(name), str)]:
            raise Misconfigured(f"the service account {str(path)!r} has no {missing[0]!r}", key=("credentials",))
        jwt.get_algorithm_by_name("RS256").prepare_key(account["private_key"])
    except OSError as error:
        what = f"the service account {str(path)!r} can't be read: {error.strerror}"
        raise Misconfigured(what, key=("credentials",)) from None
    except (ValueError, TypeError, AttributeError, jwt.InvalidKeyError):
        what = f"the service account {str(path)!r} is no key file of a service account"
        raise Misconfigured(what, key=("credentials",)) from None
    return dict(account)


def usable(settings: Settings) -> str | None:
    if settings.credentials or settings.api_key.get_secret_value():
        return None
    return "google-translate needs credentials (a service account's key file) or an api_key"


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Translator:
    """Raises Misconfigured without credentials, or with some that can't be used."""
    if reason := usable(settings):
        raise Misconfigured(reason, key=("credentials",))
    return GoogleTranslate(settings, read_account(settings.credentials), clock=clock, http=http)
