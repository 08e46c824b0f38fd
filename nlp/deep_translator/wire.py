"""How deep-translator 1.11.4 speaks to the outside: its modules' `requests` is replaced by `Wire`.

The library has no time-outs, sends LibreTranslate the text and the key in the address, and signs in to DeepL in a way
that DeepL ended in January 2026 (developers.deepl.com, "deprecation of legacy auth methods"). All of that is mended
here; what an engine answers is read up to a size and a time, and every failure is an EngineFailed that names no text,
key or address.
"""

import importlib
import json
import threading
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests

from orchestrator.errors import EngineFailed

LARGEST = 1_000_000
# Engines that throttle and don't say for how long.
THROTTLED_SECONDS = 60.0
# What stands for "no key": the library insists on one, the server is sent none.
NO_KEY = "-"
PATCHED = ("google", "libre", "mymemory", "deepl")

here = threading.local()
"""Of this thread: `session`, the `seconds` its next call may take, and the `clock` they are measured by."""


class Answer:
    """The part of a requests.Response that deep-translator looks at."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status_code = status
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body)

    def close(self) -> None:
        """Nothing is left open."""


class Wire:
    """Stands where the library expects the `requests` module; calls happen in threads, each with its own session."""

    exceptions = requests.exceptions

    def get(self, url: str, params: Mapping[str, str] | None = None, **_: Any) -> Answer:
        sent = dict(params or {})
        if key := sent.pop("auth_key", ""):
            return self.call("POST", url, json=deepl(sent), headers={"Authorization": f"DeepL-Auth-Key {key}"})
        return self.call("GET", url, params=sent)

    def post(self, url: str, params: Mapping[str, str] | None = None, **_: Any) -> Answer:
        sent = {name: value for name, value in (params or {}).items() if (name, value) != ("api_key", NO_KEY)}
        return self.call("POST", url, json=sent)

    def call(self, method: str, url: str, **sent: Any) -> Answer:
        until = here.clock.monotonic() + here.seconds
        try:
            response = session().request(method, url, timeout=here.seconds, stream=True, allow_redirects=False, **sent)
            with response:
                check(response)
                return Answer(response.status_code, body_of(response, until))
        except requests.RequestException as error:
            raise EngineFailed(f"could not be reached ({type(error).__name__})") from None


def deepl(sent: Mapping[str, str]) -> dict[str, Any]:
    return {
        "text": [sent["text"]],
        "source_lang": sent["source_lang"].upper(),
        "target_lang": {"en": "EN-US", "pt": "PT-PT"}.get(sent["target_lang"], sent["target_lang"].upper()),
    }


def session() -> requests.Session:
    """One for each thread, without cookies: nothing of one call may reach the next."""
    if not hasattr(here, "session"):
        here.session = requests.Session()
        here.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    found: requests.Session = here.session
    return found


def check(response: requests.Response) -> None:
    status = response.status_code
    if status == 429 or status == 456:
        after = response.headers.get("Retry-After", "")
        seconds = float(after) if after.isdigit() else THROTTLED_SECONDS
        raise EngineFailed(f"throttled (HTTP {status})", retry_after=min(seconds, 3600.0))
    if status in (401, 403):
        raise EngineFailed(f"refused the key (HTTP {status})", retry_after=THROTTLED_SECONDS)
    if not 200 <= status < 300:
        raise EngineFailed(f"answered HTTP {status}")


def body_of(response: requests.Response, until: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(16_384):
        body += chunk
        if len(body) > LARGEST:
            raise EngineFailed("answered too much")
        if here.clock.monotonic() > until:
            raise EngineFailed("answered too slowly")
    return bytes(body)


def patch() -> None:
    """Put the wire into the library's modules. Raises EngineFailed when it is not installed."""
    try:
        for name in PATCHED:
            module: Any = importlib.import_module(f"deep_translator.{name}")
            module.requests = WIRE
    except ImportError as error:
        raise EngineFailed("deep-translator is not installed; run 'pip install parley'") from error


WIRE = Wire()
