"""Both neighbours of the cluster: a platform that takes deliveries, and a bot with moods."""

import asyncio
import random
import re
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from tests.chaos.record import Record

TOKEN = re.compile(r"~\w+\.\d+~")
MOODS = {"quick": 60, "slow": 8, "hangs": 2, "failing": 6, "rubbish": 2, "later": 14, "both": 8}
"""How often, of a hundred: "both" answers at once and calls back as well."""
Handler = Callable[[web.Request], Coroutine[Any, Any, web.Response]]


class Platform:
    """What came, in order, each delivery once: its id tells a repeat. Now and then it is too busy."""

    def __init__(self, record: Record, seed: int) -> None:
        self.record = record
        self.chance = random.Random(seed)
        self.ids: dict[str, float] = {}
        self.taken: dict[str, list[dict[str, Any]]] = {}
        self.talks: dict[str, str] = {}
        self.news = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.chance.random() < 0.02:
            self.record.counts["platform: 503 to a delivery"] += 1
            return web.Response(status=503, headers={"Retry-After": "0"})
        if body["id"] in self.ids:
            self.record.counts["platform: delivery repeated"] += 1
        else:
            self.ids[body["id"]] = self.record.now
            self.talks[body["conversation"]] = body["conversation_id"]
            self.taken.setdefault(body["conversation"], []).append(body)
            self.record.counts["platform: delivery taken"] += 1
            self.news.set()
        return web.json_response({})


class Bot:
    """Answers "re: …" with the tokens of the turn; what it was asked already it answers in another mood."""

    def __init__(self, record: Record, seed: int) -> None:
        self.record = record
        self.chance = random.Random(seed)
        self.webs: list[str] = []
        self.asked: set[str] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    async def take(self, request: web.Request) -> web.Response:
        turn = await request.json()
        mood = self.chance.choices(list(MOODS), list(MOODS.values()))[0]
        self.record.counts[f"bot: {mood}"] += 1
        if turn["turn_id"] in self.asked:
            self.record.counts["bot: asked again about a turn"] += 1
        self.asked.add(turn["turn_id"])
        answer = {"actions": [{"kind": "say", "parts": [{"kind": "text", "text": f"re: {turn['text']}"}]}]}
        match mood:
            case "slow":
                await asyncio.sleep(self.chance.uniform(0.3, 1.8))
            case "hangs":
                await asyncio.sleep(3)
            case "failing":
                return web.Response(status=500)
            case "rubbish":
                return web.Response(text="{", content_type="application/json")
            case "later" | "both":
                self.call_back(turn["callback_url"], answer)
                if mood == "later":
                    return web.json_response({"seconds": 3}, status=202)
        return web.json_response(answer)

    def call_back(self, url: str, answer: dict[str, Any]) -> None:
        task = asyncio.create_task(self.calling_back(urlsplit(url).path, answer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def calling_back(self, path: str, answer: dict[str, Any]) -> None:
        """Twice, to whichever web process; the second time in other words, so that it would be seen."""
        await asyncio.sleep(self.chance.uniform(0.05, 1.0))
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as http:
            for _ in range(2):
                for _ in range(3):
                    try:
                        async with http.post(self.chance.choice(self.webs) + path, json=answer) as given:
                            self.record.counts[f"bot: callback answered {given.status}"] += 1
                            if given.status != 503:
                                break
                    except (aiohttp.ClientError, TimeoutError):
                        self.record.counts["bot: callback not taken"] += 1
