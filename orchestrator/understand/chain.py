"""The configured chain of translation engines."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.ports import Clock, Translator
from orchestrator.understand.memory import Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One engine of the chain and the seconds one call may take."""

    translator: Translator
    timeout: float = 2.0


class Chain:
    """Engines in the order they are asked; `memory` is asked before all of them."""

    def __init__(self, links: Sequence[Link] = (), *, clock: Clock, memory: Memory | None = None) -> None:
        self.links = tuple(links)
        self.clock = clock
        self.memory = memory or Memory()

    async def open(self) -> None:
        for link in self.links:
            await link.translator.open()

    async def close(self) -> None:
        for link in self.links:
            await link.translator.close()
