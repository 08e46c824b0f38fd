"""The event loop, step by step."""

import asyncio


async def next_tick() -> None:
    """Let everything that is ready to run do so once."""
    loop = asyncio.get_running_loop()
    turn = loop.create_future()
    loop.call_soon(turn.set_result, None)
    await turn


async def last_arrivals() -> None:
    """Let connections that have been accepted be made: one that comes about after its server closed nobody closes."""
    for _ in range(3):
        await next_tick()
