"""One run: everybody talks while everything breaks; then silence, and the proof."""

import asyncio
import random
import traceback
from contextlib import AsyncExitStack

from aiohttp import web

from tests.chaos import proof
from tests.chaos.agents import Agents
from tests.chaos.customers import Customer
from tests.chaos.havoc import Havoc
from tests.chaos.neighbours import Bot, Platform
from tests.chaos.record import Plan, Record
from tests.chaos.scene import Scene, scene
from tests.chaos.watchers import Tab, Widget
from tests.support.site import listening

CAUGHT_UP = 20.0
"""Seconds watchers have to know all, once all is quiet."""


async def run(plan: Plan) -> Record:
    """Whatever happens to the run itself is a violation too: its report is not lost."""
    record = Record(plan)
    try:
        await ran(plan, record)
    except Exception as error:
        record.check(False, "the run comes to its end", "all", detail=f"{type(error).__name__}: {error}")
        traceback.print_exception(error)
    return record


async def ran(plan: Plan, record: Record) -> None:
    platform, bot = Platform(record, plan.seed + 1), Bot(record, plan.seed + 2)
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(listening(web.post("/", platform.take)))
        thinker = await stack.enter_async_context(listening(web.post("/", bot.take)))
        here = await stack.enter_async_context(scene(plan, record, sink, thinker))
        bot.webs = [each.url for each in here.webs]
        record.note("everything runs")
        try:
            await Run(here, platform).go()
        except Exception:
            record.processes = logged(here)
            raise
        if record.violations:
            record.processes = logged(here)


def logged(here: Scene) -> dict[str, str]:
    return {each.log.parent.name: each.log.read_text(encoding="utf-8", errors="replace") for each in here.processes}


class Run:
    def __init__(self, here: Scene, platform: Platform) -> None:
        self.scene, self.platform, self.record = here, platform, here.record
        self.customers = [
            Customer(here, number, self.chance("customer", number)) for number in range(here.plan.conversations)
        ]
        self.widgets = [Widget(here, number, self.chance("widget", number)) for number in range(here.plan.widgets)]
        self.agents = Agents(here, platform, self.chance("agents", 0))
        self.tab = Tab(here, self.chance("tab", 0))

    def chance(self, who: str, number: int) -> random.Random:
        return random.Random(f"{self.scene.plan.seed} {who} {number}")

    async def go(self) -> None:
        stopped = asyncio.Event()
        talking = [asyncio.create_task(customer.talk(stopped)) for customer in self.customers]
        watching = [asyncio.create_task(widget.live(stopped)) for widget in self.widgets]
        await self.acquainted()
        working = asyncio.create_task(self.agents.work(stopped))
        watching.append(asyncio.create_task(self.tab.live()))
        havoc = asyncio.create_task(Havoc(self.scene, self.chance("havoc", 0)).wreak(stopped))
        await asyncio.sleep(self.scene.plan.seconds)
        stopped.set()
        try:
            await asyncio.gather(havoc, working, *talking)
            self.record.note("silence")
            await self.prove()
        finally:
            for task in (*watching, havoc, working, *talking):
                task.cancel()
            await asyncio.gather(*watching, havoc, working, *talking, return_exceptions=True)

    async def acquainted(self) -> None:
        """Every customer has been answered: the desk's tab can watch them."""
        while len(self.platform.talks) < len(self.customers):
            self.platform.news.clear()
            await self.platform.news.wait()
        self.tab.watch(sorted(self.platform.talks.values()))

    async def prove(self) -> None:
        quiet = await proof.settled(self.scene, self.platform)
        self.record.check(
            quiet, "everything comes to rest", "all", detail=f"not in {self.scene.plan.patience:g} s without news"
        )
        depths = (await self.scene.ask("GET", "/queues"))["data"]
        for depth in depths:
            left = {key: depth[key] for key in proof.SETTLED if depth[key]}
            self.record.check(not left, "nothing waits and nothing is dead", depth["channel_id"], detail=str(left))
        logs = {talk: await proof.read(self.scene, address, talk) for address, talk in self.platform.talks.items()}
        self.prove_customers(logs)
        proof.fenced(self.record, logs, self.agents)
        await self.caught_up(logs)
        proof.tab_knows(self.record, logs, self.tab)
        for widget in self.widgets:
            if widget.conversation:
                log = await proof.read(self.scene, f"w{widget.number}", widget.conversation)
                proof.widget_knows(self.record, log, widget)
                proof.answered(self.record, log, taken_over=False)

    def prove_customers(self, logs: dict[str, proof.Log]) -> None:
        taken_over = {hold.address for hold in self.agents.holds}
        for customer in self.customers:
            log = logs[self.platform.talks[customer.address]]
            proof.heard_in_order(self.record, log, customer)
            proof.answered(self.record, log, customer.address in taken_over)
            proof.delivered(self.record, log, self.platform)
            self.record.counts["messages accepted"] += len(customer.events)
        wrong = {one.conversation for one in self.record.violations}
        self.record.logs = {log.address: proof.told(log) for log in logs.values() if log.address in wrong}

    async def caught_up(self, logs: dict[str, proof.Log]) -> None:
        """Live updates come after the commit: give them a moment, not a second look."""
        loop = asyncio.get_running_loop()
        until = loop.time() + CAUGHT_UP
        wanted = {talk: {message["seq"] for message in logs[talk].messages} for talk in self.tab.watched}
        while loop.time() < until:
            if self.tab.seen == wanted and all(all(widget.sent.values()) for widget in self.widgets):
                return
            await asyncio.sleep(0.2)
