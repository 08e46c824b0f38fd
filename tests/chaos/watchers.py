"""Who looks on live: widgets that also talk, and an agent's tab. Each must know all there is, whatever broke."""

import asyncio
import random
from contextlib import suppress
from typing import Any

import aiohttp

from tests.chaos.scene import EMAIL, Scene
from tests.support.desk import PASSWORD, Browser

CUT = (ConnectionError, aiohttp.ClientError, TimeoutError, TypeError)
"""What a cut line looks like: `receive_json` raises TypeError for a close."""
WATCHED = 20


class Widget:
    """One visitor, as the widget does it: `hello` with the last seq it has, then frames."""

    def __init__(self, scene: Scene, number: int, chance: random.Random) -> None:
        self.scene = scene
        self.number = number
        self.chance = chance
        self.token = ""
        self.resume = ""
        self.conversation = ""
        self.seen: dict[int, dict[str, Any]] = {}
        self.last = 0
        self.sent: dict[str, bool] = {}
        self.disorders: list[tuple[int, int]] = []

    async def live(self, stopped: asyncio.Event) -> None:
        """Connected until cancelled; says a line now and then until `stopped`."""
        while True:
            with suppress(*CUT):
                await self.connected(stopped)
            self.scene.record.counts["widget: line cut"] += 1
            await asyncio.sleep(self.chance.uniform(0.05, 0.5))

    async def connected(self, stopped: asyncio.Event) -> None:
        base = self.scene.web()
        async with self.scene.http.post(f"{base}/webchat/web/session", json={"resume": self.resume}) as answer:
            answer.raise_for_status()
            session = await answer.json()
        self.token, self.resume = session["token"], session["resume"]
        async with self.scene.http.ws_connect(f"{base}/webchat/web/ws", max_msg_size=0) as line:
            await line.send_json({"type": "hello", "token": self.token, "after": self.last})
            talking = asyncio.create_task(self.talk(line, stopped))
            try:
                while True:
                    await self.take(base, await line.receive_json())
            finally:
                talking.cancel()

    async def talk(self, line: aiohttp.ClientWebSocketResponse, stopped: asyncio.Event) -> None:
        """Lines that never came back first, under the same id: the server knows a repeat."""
        with suppress(*CUT):
            while True:
                for client_id in [one for one, confirmed in self.sent.items() if not confirmed]:
                    await self.say(line, client_id)
                await asyncio.sleep(0.2 + self.chance.expovariate(1.0))
                if not stopped.is_set():
                    await self.say(line, f"w{self.number}-{len(self.sent)}")

    async def say(self, line: aiohttp.ClientWebSocketResponse, token: str) -> None:
        """A line whose id tells its words."""
        self.sent.setdefault(token, False)
        await line.send_json({"type": "send", "client_id": token, "text": f"~{token.replace('-', '.')}~"})

    @property
    def tokens(self) -> list[str]:
        return [f"~{token.replace('-', '.')}~" for token in self.sent]

    async def take(self, base: str, frame: dict[str, Any]) -> None:
        if frame["type"] == "ready":
            self.conversation = frame["conversation"] or self.conversation
            if frame["fresh"] and frame["more"]:
                await self.look_back(base, frame["messages"][0]["seq"])
            for message in frame["messages"]:
                self.heard(message)
            self.last = max(self.last, frame["last_seq"])
        elif frame["type"] == "message":
            if frame["seq"] not in self.seen and frame["seq"] < self.last:
                self.disorders.append((frame["seq"], self.last))
            self.heard(frame)
        elif frame["type"] == "withdrawn":
            self.seen.pop(frame["seq"], None)

    def heard(self, message: dict[str, Any]) -> None:
        self.seen[message["seq"]] = message
        self.last = max(self.last, message["seq"])
        if message["client_id"] in self.sent:
            self.sent[message["client_id"]] = True

    async def look_back(self, base: str, before: int) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        path = f"{base}/webchat/web/history?before={before}"
        async with self.scene.http.get(path, headers=headers) as answer:
            answer.raise_for_status()
            for message in (await answer.json())["messages"]:
                self.heard(message)


class Tab:
    """A desk's tab that watches conversations; it reads what it may have missed when it connects, and when told to."""

    def __init__(self, scene: Scene, chance: random.Random) -> None:
        self.scene = scene
        self.chance = chance
        self.watched: list[str] = []
        self.seen: dict[str, set[int]] = {}

    async def live(self) -> None:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            browser = Browser("", http)
            while True:
                with suppress(*CUT):
                    await self.connected(browser)
                self.scene.record.counts["desk: line cut"] += 1
                await asyncio.sleep(self.chance.uniform(0.1, 0.5))

    async def connected(self, browser: Browser) -> None:
        browser.url = self.scene.web()
        if not browser.csrf:
            async with asyncio.timeout(5):
                await browser.sign_in(EMAIL, PASSWORD)
        headers = {"Origin": browser.url}
        async with browser.http.ws_connect(f"{browser.url}/desk/api/ws", headers=headers) as line:
            await line.send_json({"type": "watch", "conversations": self.watched})
            while True:
                frame = await line.receive_json()
                if frame["type"] in ("watching", "resync"):
                    for conversation_id in self.watched:
                        await self.read(conversation_id)
                elif frame["type"] == "message":
                    self.heard(frame["conversation_id"], frame["message"]["seq"])

    def watch(self, conversation_ids: list[str]) -> None:
        self.watched = conversation_ids[:WATCHED]
        self.seen = {conversation_id: set() for conversation_id in self.watched}

    async def read(self, conversation_id: str) -> None:
        """After the last that follows on all before it."""
        known = self.seen[conversation_id]
        whole = 0
        while whole + 1 in known:
            whole += 1
        for message in await self.scene.messages(conversation_id, whole):
            self.heard(conversation_id, message["seq"])

    def heard(self, conversation_id: str, seq: int) -> None:
        self.seen[conversation_id].add(seq)
