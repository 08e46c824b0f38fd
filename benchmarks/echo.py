"""The cheapest bot there is."""

from orchestrator.types import Turn


async def reply(turn: Turn) -> str:
    return turn.text
