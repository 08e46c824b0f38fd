"""A language model as a bot, counting what it costs."""

from typing import Any, cast

from bots import openai
from bots.openai.bot import ModelBot
from orchestrator.adapters.http_client import HttpClient
from orchestrator.ports import Files
from orchestrator.types import (
    Action,
    Partial,
    Say,
    Text,
    Typing,
)
from tests.support.chat_api import (
    KEY,
    ChatApi,
)
from tests.support.clock import ManualClock
from tests.support.turns import NOON


def make(client: HttpClient, api: ChatApi, **more: Any) -> ModelBot:
    settings = openai.Settings.model_validate({"url": api.url, "api_key": KEY, "model": "small", **more})
    bot = openai.create(settings, clock=ManualClock(NOON), http=client, files=cast(Files, None))
    assert isinstance(bot, ModelBot)
    return bot


def lasting(actions: list[Action]) -> list[Action]:
    """Without signs of life and what it cost."""
    passing = (Typing, Partial)
    return [
        each for each in actions if not isinstance(each, passing) and "openai:guide" not in getattr(each, "slots", {})
    ]


def spoken(text: str) -> Say:
    return Say(parts=(Text(text=text, markdown=True),))
