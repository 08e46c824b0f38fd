"""The story of the checkout page on every platform that can be played: the same bot, the same desk."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.simulate import playable
from orchestrator.types import Agent, Conversation, Text
from tests.support.simulated import Playground, Visitor, playground

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
