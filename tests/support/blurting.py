"""Bots and engines that put the customer's words where they don't belong."""

import logging

from orchestrator.types import Turn

log = logging.getLogger("some.library")


async def blurts(turn: Turn) -> str:
    log.debug("got %s", turn.text)
    try:
        raise KeyError(turn.text)
    except KeyError as error:
        raise ValueError(f"can't make sense of {turn.original!r}") from error
