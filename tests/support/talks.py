"""Conversations that /v1 tells of."""

import asyncio
from typing import Any

from orchestrator.types import Conversation
from tests.support.web import Front


async def talked(parley: Front, text: str = "hello", **more: Any) -> Conversation:
    await parley.house.hear(text, **more)
    async with asyncio.timeout(10):
        return await parley.house.settled(more.get("address", "visitor"))
