"""The story of the checkout page on every platform that can be played: the same bot, the same desk."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.simulate import playable
from orchestrator.types import Agent, Conversation, Tap, Text
from tests.support.simulated import Playground, Visitor, offers, playground

ADA = Agent(
    app_id="shop",
    id="ada",
    email="ada@example.org",
    name="Ada",
    password_hash="",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


async def test_the_same_story_on_every_platform(tmp_path: Path) -> None:
    kinds = playable()
    async with playground(tmp_path, kinds) as ground:
        results = await asyncio.gather(*(story(ground, kind) for kind in kinds), return_exceptions=True)
    failed = {kind: result for kind, result in zip(kinds, results, strict=True) if result is not None}
    assert not failed, "\n".join(f"{kind}: {type(error).__name__}: {error}" for kind, error in failed.items())


async def story(ground: Playground, kind: str) -> None:
    user = ground.user_of(kind)
    await user.says("Hola, ¿cuánto cuesta el envío?")
    await user.sees("4,95")
    await choose(user, "Plazo de entrega")
    await user.sees("días")
    await user.says("¿Qué me recomiendas?")
    await user.sees("Taburete plegable")
    await user.says("Quiero hablar con una persona")
    await user.sees("cola", "turno")
    desk = ground.runtime.engine.desk
    conversation = await conversation_on(ground, user.platform.channel_id)
    await desk.accept("shop", conversation.id, ADA)
    await desk.say("shop", conversation.id, ADA, (Text(text="Hello"),))
    await user.sees("Hola")
    await desk.hand_back("shop", conversation.id, ADA)
    await user.says("Hola, ¿cuánto cuesta el envío?")
    await user.sees("4,95")


async def choose(user: Visitor, title: str) -> None:
    """By tapping where there is something to tap, else by what people type."""
    await user.says(user.tap(title) or "1")


async def conversation_on(ground: Playground, channel: str) -> Conversation:
    rows = await ground.runtime.store.conversations("shop")
    return next(row for row in rows if row.channel_id == channel)


@pytest.mark.parametrize("kind", ["email", "telegram", "whatsapp", "teams"])
async def test_a_choice_that_every_card_has_is_of_the_card_it_was_tapped_on(tmp_path: Path, kind: str) -> None:
    async with playground(tmp_path, [kind]) as ground:
        user = ground.user_of(kind)
        await user.says("¿Qué me recomiendas?")
        await user.sees("Taburete plegable")
        offered = [one for message in user.platform.shown(user.name) for part in message.parts for one in offers(part)]
        details = [one for one in offered if one.title == "Medidas y material"]
        assert len(details) == 8
        await user.says(Tap(payload=details[5].payload, title=details[5].title))
        await user.sees("farol")
