"""Every backend that asks a server, with the settings of a bot whose server is at a URL."""

import atexit
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orchestrator.types import Intent, Language, Understanding
from tests.support.vendors import PRIVATE

SECRET = "s3cret-in-the-settings"
HI = Understanding(language=Language(code="en"), intents=(Intent(name="hi", score=0.9),))


@dataclass(frozen=True)
class Backend:
    """`settings` of a bot of that kind whose server is at the URL."""

    kind: str
    settings: Callable[[str], dict[str, Any]]


def key_file(url: str) -> str:
    """Of a service account whose token endpoint is at the URL too."""
    account = {"client_email": "me@shop.test", "private_key": PRIVATE, "token_uri": f"{url}/token"}
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(account, file)
    atexit.register(os.unlink, file.name)
    return file.name


BACKENDS = [
    Backend("rasa", lambda url: {"url": url, "token": SECRET, "session": False, "retries": 0}),
    Backend("rasa_actions", lambda url: {"url": f"{url}/webhook", "intents": {"hi": "action_hi"}, "retries": 0}),
    Backend(
        "lex",
        lambda url: {
            "region": "eu-west-1",
            "bot_id": "B",
            "alias_id": "A",
            "access_key": "K",
            "secret_key": SECRET,
            "api": url,
            "retries": 0,
        },
    ),
    Backend("dialogflow", lambda url: {"agent": "a", "credentials": key_file(url), "api": url, "retries": 0}),
    Backend("a2a", lambda url: {"url": url, "token": SECRET, "retries": 0}),
    Backend("botpress", lambda url: {"webhook_id": "h", "encryption_key": SECRET * 2, "api": url, "retries": 0}),
    Backend("directline", lambda url: {"secret": SECRET, "api": url, "retries": 0}),
    Backend("openai", lambda url: {"url": url, "model": "m", "api_key": SECRET, "retries": 0}),
]
