"""A desk of somebody's own, over /v1: takes conversations over while a bot thinks, and gives them back."""

import asyncio
import random
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.chaos.neighbours import Platform
from tests.chaos.scene import Scene


@dataclass(frozen=True, slots=True)
class Hold:
    """Between the two `seq`s, the second included, only the agent spoke to the customer."""

    conversation_id: str
    address: str
    first: int
    last: int
    began: float
    ended: float


class Agents:
    def __init__(self, scene: Scene, platform: Platform, chance: random.Random) -> None:
        self.scene = scene
        self.platform = platform
        self.chance = chance
        self.holds: list[Hold] = []
        self.said: dict[str, str] = {}
        """Conversation id by token."""
        self.key = next(scene.keys)

    async def work(self, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            await asyncio.sleep(self.chance.uniform(0.2, 1.0))
            if self.platform.talks:
                address = self.chance.choice(sorted(self.platform.talks))
                await self.hold(address, self.platform.talks[address])

    async def accept(self, path: str) -> Any:
        """The conversation, taken over; None when it was not. A refusal may mean that it is ours already, unheard."""
        try:
            return await self.scene.ask("POST", f"{path}/accept", key=self.key)
        except aiohttp.ClientResponseError as error:
            if error.status != 409:
                raise
        found = await self.scene.ask("GET", path, key=self.key)
        return found if found["controller"]["kind"] == "desk" else None

    async def hold(self, address: str, conversation_id: str) -> None:
        record, path = self.scene.record, f"/conversations/{conversation_id}"
        accepted = await self.accept(path)
        if accepted is None:
            return
        began = record.now
        for _ in range(self.chance.randint(1, 3)):
            await asyncio.sleep(self.chance.uniform(0.05, 0.6))
            token = f"~a.{len(self.said)}~"
            self.said[token] = conversation_id
            headers = {"Idempotency-Key": token}
            await self.scene.ask("POST", f"{path}/messages", key=self.key, json={"text": token}, headers=headers)
        before = await self.scene.ask("GET", path, key=self.key)
        self.holds.append(Hold(conversation_id, address, accepted["last_seq"], before["last_seq"], began, record.now))
        record.counts["agent: conversation taken over"] += 1
        with_handoff = before["handoff"]["id"]
        try:
            await self.scene.ask("POST", f"/handoffs/{with_handoff}/return", key=self.key, json={})
        except aiohttp.ClientResponseError as error:
            if error.status != 409:  # it was given back, and the answer lost
                raise
