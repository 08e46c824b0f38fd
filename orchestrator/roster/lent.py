"""A bot that may be replaced while it answers: it is closed once the last turn it has is done."""

import asyncio
from collections.abc import AsyncGenerator

from orchestrator.ports import Bot
from orchestrator.types import Action, Turn


class Lent:
    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.language = bot.language
        self.busy = 0
        self.idle = asyncio.Event()
        self.idle.set()

    async def open(self) -> None:
        await self.bot.open()

    async def close(self) -> None:
        """Waits for the turns it has."""
        await self.idle.wait()
        await self.bot.close()

    async def reply(self, turn: Turn) -> AsyncGenerator[Action, None]:
        self.busy += 1
        self.idle.clear()
        stream = self.bot.reply(turn)
        try:
            async for action in stream:
                yield action
        finally:
            try:
                if isinstance(stream, AsyncGenerator):
                    await stream.aclose()
            finally:
                self.busy -= 1
                if not self.busy:
                    self.idle.set()
