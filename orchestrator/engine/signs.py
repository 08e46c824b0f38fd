"""Showing the customers of a platform that an answer is coming, by the platform's own sign."""

import asyncio
from collections.abc import Mapping

import structlog

from orchestrator.engine.app import App
from orchestrator.errors import ParleyError
from orchestrator.ports import Connector
from orchestrator.types import Conversation

log = structlog.get_logger("parley.signs")


class Signs:
    """Nobody waits for one, and nothing depends on it. `tasks` are those that are on their way."""

    def __init__(self, apps: Mapping[str, App]) -> None:
        self.apps = apps
        self.tasks: set[asyncio.Task[None]] = set()

    def show(self, conversation: Conversation, on: bool) -> None:
        app = self.apps.get(conversation.app_id)
        channel = app.channels.get(conversation.channel_id) if app else None
        if channel is None or channel.connector.delivery != "push" or not channel.connector.limits.typing:
            return
        task = asyncio.create_task(shown(channel.connector, conversation.address, on))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


async def shown(connector: Connector, address: str, on: bool) -> None:
    try:
        await connector.typing(address, on)
    except ParleyError as error:
        log.debug("not shown that an answer is coming", kind=connector.kind, error=str(error))
    except Exception:
        log.exception("connector raised", kind=connector.kind)
