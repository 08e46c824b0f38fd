"""Whole turns: which language a conversation is in, from the first hint to the customer's third change of mind."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import Misconfigured
from orchestrator.types import Tap
from tests.support.house import House, house

NLP: dict[str, Any] = {"sentiment": "none", "intent": "none", "wish": "none", "translators": "none"}
APP: dict[str, Any] = {
    "languages": ["en", "es", "it", "nl", "ru"],
    "nlp": NLP,
    "channels": {"web": {"kind": "webchat", "language": "it"}},
}


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, **APP) as parley:
        yield parley


async def spoken(parley: House, text: str, **more: Any) -> str:
    await parley.hear(text, **more)
    return (await parley.settled(more.get("address", "visitor"))).language.code


async def test_where_nothing_tells_the_nearest_hint_does(parley: House) -> None:
    assert await spoken(parley, "ok", address="channel") == "it"
    assert await spoken(parley, "ok", address="browser", language="nl-BE") == "nl"
    assert await spoken(parley, "ok", address="strange", language="fil-PH") == "it"
    assert await spoken(parley, "ok", address="known", language="nl", profile={"language": "es-MX"}) == "es"
    assert await spoken(parley, "ok", address="other", language="nl", profile={"language": "fi"}) == "nl"


async def test_what_is_said_outweighs_hints(parley: House) -> None:
    assert await spoken(parley, "¿Dónde está mi pedido?", language="nl", profile={"language": "it"}) == "es"


async def test_a_customer_changes_their_mind_again_and_again(parley: House) -> None:
    said = (
        ("Where is my order? It is late", "en"),
        ("¿Dónde está mi pedido?", "es"),
        ("ok", "es"),
        ("Dov'è il mio pacco?", "it"),
        ("Hola! Waar blijft mijn pakket toch?", "nl"),
        ("Где мой заказ?", "ru"),
        ("gde moy zakaz", "ru"),
        ("can we speak English please?", "en"),
        ("👍", "en"),
        ("Ik begrijp er helemaal niets van", "en"),
        ("Kunt u mij alsjeblieft helpen met mijn bestelling?", "nl"),
    )
    for text, code in said:
        assert await spoken(parley, text) == code, text


async def test_a_tap_never_switches(parley: House) -> None:
    await spoken(parley, "¿Dónde está mi pedido?")
    await parley.receive((Tap(payload="HELP", title="I would like to speak English please"),))
    assert (await parley.settled()).language.code == "es"


async def test_an_agents_pin_outlasts_turns_until_the_customer_asks(parley: House) -> None:
    await spoken(parley, "Where is my order? It is late")
    conversation = await parley.conversation()
    await parley.runtime.engine.desk.speak("shop", conversation.id, parley.agent(), "es")
    for _ in range(3):
        assert await spoken(parley, "Where is my order? It is very late") == "es"
    assert (await parley.conversation()).language.by_agent
    assert await spoken(parley, "in het Nederlands graag") == "nl"
    assert not (await parley.conversation()).language.by_agent


async def test_a_channels_language_is_one_of_the_apps(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="channels.web.language"):
        async with house(tmp_path, **{**APP, "channels": {"web": {"kind": "webchat", "language": "klingon"}}}):
            pass
