"""The demo shop's guide, trained once for all tests."""

from pathlib import Path

import pytest

from bots.guide.bot import GuideBot
from tests.support.guide import Chat

SHOP = Path(__file__).parents[2] / "examples" / "shop"


@pytest.fixture(scope="session")
def shop() -> GuideBot:
    bot = GuideBot(SHOP / "guide.toml")
    bot.book = bot.learned()
    return bot


@pytest.fixture
def chat(shop: GuideBot) -> Chat:
    return Chat(shop)
