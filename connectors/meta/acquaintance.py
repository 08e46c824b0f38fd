"""Who writes: an inbox tells an id only, and the name when it is asked for it."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from urllib.parse import quote

from connectors.meta.graph import Graph
from orchestrator.errors import ParleyError
from orchestrator.types import Profile

MOST_AT_ONCE = 5
"""New people of one delivery that are asked for; the others are with their next message."""
PATIENCE = 2.0
"""Seconds. Meta wants its delivery acknowledged within five."""
REMEMBERED = 10_000


class Acquaintance:
    """`fields` are those of a person that make up the name. Whoever is not told is not asked for again."""

    def __init__(self, graph: Graph, fields: str) -> None:
        self.graph = graph
        self.fields = fields
        self.people: OrderedDict[str, Profile] = OrderedDict()

    async def meet(self, addresses: Iterable[str]) -> None:
        strangers = [address for address in dict.fromkeys(addresses) if address not in self.people][:MOST_AT_ONCE]
        for address, profile in zip(strangers, await asyncio.gather(*map(self.asked, strangers)), strict=True):
            self.people[address] = profile
            if len(self.people) > REMEMBERED:
                self.people.popitem(last=False)

    def of(self, address: str) -> Profile:
        return self.people.get(address, {})

    async def asked(self, address: str) -> Profile:
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self.graph.get(quote(address, safe=""), fields=self.fields)
        except (ParleyError, TimeoutError):
            return {}
        name = found.get("name") or " ".join(str(found[key]) for key in ("first_name", "last_name") if found.get(key))
        known = {"name": str(name or ""), "username": str(found.get("username") or "")}
        return {key: value[:200] for key, value in known.items() if value}
