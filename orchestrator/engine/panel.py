"""Asking several bots about one turn, and letting a panel choose: those who lose have no effect."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from orchestrator.ports import Panel
from orchestrator.types import Action, Turn

Ask = Callable[[str], Awaitable[Sequence[Action] | None]]
"""What a bot answers; None when it failed, or will answer later."""


class Sitting:
    """One turn of a panel. `bids` is what has been answered so far, by bot."""

    def __init__(self, panel: Panel, turn: Turn, ask: Ask) -> None:
        self.panel = panel
        self.turn = turn
        self.ask = ask
        self.bids: dict[str, Sequence[Action]] = {}
        self.asked: set[str] = set()

    async def winner(self) -> str:
        """The first that is chosen, group by group; "" when none is. Nobody is asked twice."""
        for group in self.panel.groups(self.turn):
            names = [name for name in dict.fromkeys(group) if name not in self.asked and name in self.panel.members]
            self.asked.update(names)
            if name := await self.best_of(names):
                return name
        return ""

    async def best_of(self, names: Sequence[str]) -> str:
        """Whoever still thinks when one is chosen is stopped."""
        thinking = {asyncio.ensure_future(self.ask(name)): name for name in names}
        try:
            while thinking:
                done, _ = await asyncio.wait(thinking, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    name, actions = thinking.pop(task), task.result()
                    if actions is not None:
                        self.bids[name] = actions
                if chosen := self.panel.choose(self.turn, self.bids, bool(thinking)):
                    return chosen
            return ""
        finally:
            for task in thinking:
                task.cancel()
            if thinking:
                await asyncio.wait(thinking)
