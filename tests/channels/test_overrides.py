"""What a channel may have of its own: a welcome, hours, a bot."""

from pathlib import Path

import pytest

from orchestrator.config import Settings
from orchestrator.errors import Misconfigured
from tests.support import bots
from tests.support.channel import channel
from tests.support.house import house
from tests.support.probe import Side


@pytest.mark.parametrize(
    ("welcome", "language", "said"),
    [
        ("Hello from the line!", "", "Hello from the line!"),
        ({"en": "Hello!", "es": "¡Hola!"}, "es", "¡Hola!"),
        ({"en": "Hello!", "es": "¡Hola!"}, "nl", "Hello!"),
        ({"es": "¡Hola!"}, "nl", "¡Hola!"),
    ],
)
async def test_a_channel_welcomes_in_its_own_words(
    tmp_path: Path, side: Side, welcome: object, language: str, said: str
) -> None:
    async with channel(tmp_path, probe={"welcome": welcome}) as parley:
        await parley.open_chat(language=language)
        await side.until(lambda: side.sent)
        assert side.texts == [said]
        assert bots.seen == []
        await parley.hear("hello")
        await side.until(lambda: len(side.sent) == 2)
        assert side.texts[-1] == "echo: hello"


async def test_who_writes_at_once_is_answered_and_not_welcomed(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path, probe={"welcome": "Hello!"}) as parley:
        await parley.hear("hi")
        await side.until(lambda: side.sent)
        assert side.texts == ["echo: hi"]


async def test_a_channel_has_hours_of_its_own(tmp_path: Path, side: Side) -> None:
    """The desk of the app is always open; that of this channel never."""
    async with channel(tmp_path, bot="person", probe={"hours": {"timezone": "Europe/Madrid"}}) as parley:
        app = parley.runtime.apps["shop"]
        now = parley.runtime.clock.now()
        assert (app.opens("line", now).open, app.opens("nowhere", now).open) == (False, True)
        await parley.hear("a person please")
        conversation = await parley.settled()
        view = await parley.runtime.engine.queue_view(conversation)
        assert view is not None
        assert view.open is False


async def test_hours_that_can_not_be_are_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"apps\.shop\.channels\.line\.hours\.monday"):
        async with channel(tmp_path, probe={"hours": {"monday": ["nine to five"]}}):
            raise AssertionError("it started")


async def test_a_channel_has_a_bot_of_its_own(tmp_path: Path, side: Side) -> None:
    lines = {"line": {"kind": "probe", "bot": "choices"}, "other": {"kind": "probe", "name": "other"}}
    async with house(tmp_path, channels=lines) as parley:
        app = parley.runtime.apps["shop"]
        assert (app.bot_for("line"), app.bot_for("other")) == ("choices", "echo")
        assert isinstance(parley.runtime.settings, Settings)
