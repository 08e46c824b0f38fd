"""Translation through deep-translator 1.11.4: Google (its unofficial page), LibreTranslate, MyMemory, DeepL.

The library is synchronous and hardly maintained, so nothing of it is shared or trusted: a new object for each call (a
shared one returned another caller's text in 15 % of concurrent calls), bounded threads, our own wire with time-outs,
and every exception it may raise caught. Which text goes where: docs/languages.md.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from nlp.deep_translator.services import KINDS, Kind, Service, pieces
from nlp.deep_translator.wire import here, patch
from orchestrator.errors import EngineFailed, Misconfigured, ParleyError
from orchestrator.ports import Clock, Files, Http, Translator

# MyMemory says so in the translation itself, with HTTP 200.
EXCUSES = ("MYMEMORY WARNING", "QUERY LENGTH LIMIT", "INVALID LANGUAGE PAIR", "PLEASE SELECT TWO DISTINCT LANGUAGES")


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    service: Service = Field(description="google, libre, mymemory or deepl.")
    url: str = Field("", description="Where the service is; needed for libre, such as http://127.0.0.1:5000.")
    api_key: SecretStr = Field(SecretStr(""), description="Key, as env:NAME; for mymemory an e-mail address.")
    threads: int = Field(8, ge=1, le=64, description="Calls at once.")
    request_seconds: float = Field(5.0, gt=0, description="Seconds after which a call is given up for good.")
    third_party: bool | None = Field(
        None, description="Whether texts leave your house; default: yes, but for your own LibreTranslate."
    )


class DeepTranslator:
    """A Translator. One HTTP request for each text, several at once."""

    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.kind: Kind = KINDS[settings.service]
        self.name: str = settings.service
        self.third_party = third_party(settings)
        self.targets: Mapping[str, frozenset[str]] = {}
        self.threads = ThreadPoolExecutor(settings.threads, thread_name_prefix=f"deep-translator-{self.name}")

    async def open(self) -> None:
        """Raises EngineFailed when the library is missing. A LibreTranslate that is not up yet may come later."""
        await asyncio.to_thread(patch)
        if self.settings.service == "libre":
            self.targets = await self.languages()

    async def languages(self) -> Mapping[str, frozenset[str]]:
        """Targets by source, asked of LibreTranslate; {} when it did not say: then every pair is tried."""
        try:
            answer = await self.http.request("GET", f"{base(self.settings.url)}languages", timeout=2.0, trusted=True)
            listed = json.loads(answer.body) if answer.status == 200 else []
            codes = [one["code"] for one in listed]
            return {one["code"]: frozenset(one.get("targets") or codes) for one in listed}
        except (ParleyError, ValueError, TypeError, KeyError):
            return {}

    async def close(self) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)

    def pairs(self, source: str, target: str) -> bool:
        if self.settings.service == "libre":
            return not self.targets or target in self.targets.get(source, ())
        codes = self.kind.codes()
        return source in codes and target in codes

    async def translate(self, texts: Sequence[str], source: str, target: str) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        calls = [loop.run_in_executor(self.threads, self.one, text, source, target) for text in texts]
        try:
            return await asyncio.gather(*calls)
        finally:
            for call in calls:
                call.cancel()

    def one(self, text: str, source: str, target: str) -> str:
        """In a thread. Raises EngineFailed, whatever the library raised."""
        here.seconds, here.clock = self.settings.request_seconds, self.clock
        try:
            return "".join(self.piece(piece, source, target) for piece in pieces(text, self.kind))
        except EngineFailed:
            raise
        except Exception as error:
            # Its exceptions share no base, and their messages hold keys and texts.
            raise EngineFailed(f"gave no translation ({type(error).__name__})") from None

    def piece(self, text: str, source: str, target: str) -> str:
        core = text.strip()
        if not core:
            return text
        codes = self.kind.codes()
        made = self.kind.make(
            codes.get(source, source),
            codes.get(target, target),
            self.address(),
            self.settings.api_key.get_secret_value(),
        )
        said = made.translate(core)
        if said is None:
            return text
        if not isinstance(said, str) or not said.strip():
            raise EngineFailed("gave an empty translation")
        if said.upper().startswith(EXCUSES):
            raise EngineFailed("refuses for now", retry_after=600.0)
        at = text.index(core)
        return text[:at] + said.strip() + text[at + len(core) :]

    def address(self) -> str:
        return base(self.settings.url) if self.settings.service in ("libre", "deepl") else self.settings.url


def base(url: str) -> str:
    return url if not url or url.endswith("/") else f"{url}/"


def third_party(settings: Settings) -> bool:
    if settings.third_party is not None:
        return settings.third_party
    public = (urlsplit(settings.url).hostname or "").endswith(("libretranslate.com", "libretranslate.de"))
    return KINDS[settings.service].third_party or public


def usable(settings: Settings) -> str | None:
    """Why this engine can't be used as configured; None when it can. Says nothing about whether it is up."""
    kind = KINDS[settings.service]
    if kind.needs_url and not settings.url:
        return f"deep-translator {settings.service!r} needs a url"
    if kind.needs_key and not settings.api_key.get_secret_value():
        return f"deep-translator {settings.service!r} needs an api_key"
    return None


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Translator:
    """Raises Misconfigured when the service lacks its url or key."""
    if reason := usable(settings):
        raise Misconfigured(reason)
    return DeepTranslator(settings, clock=clock, http=http)
