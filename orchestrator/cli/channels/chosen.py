"""The channel a command is about, opened for its work alone: no turns run, nothing is accepted."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from orchestrator.app import build
from orchestrator.config import Settings
from orchestrator.errors import Misconfigured
from orchestrator.ledger import nowhere
from orchestrator.roster.accounts import Account
from orchestrator.types import ChannelEntry


@asynccontextmanager
async def opened(settings: Settings, base: Path, name: str, url: str = "") -> AsyncIterator[Account]:
    """Of parley.toml, or a stored one. Raises Misconfigured, and what the connector raises when it opens."""
    app_id = app_of(settings, name)
    runtime = build(alone(settings, app_id, name), base, public_url=url)
    public_url = (url or runtime.public_url).rstrip("/")
    async with AsyncExitStack() as stack:
        for part in (runtime.files, runtime.http):
            await part.open()
            stack.push_async_callback(part.close)
        if app_id:
            channel = runtime.apps[app_id].channels[name]
            await channel.connector.open()
            stack.push_async_callback(channel.connector.close)
        else:
            await runtime.store.open()
            stack.push_async_callback(runtime.store.close)
            entry = stored(await runtime.store.stored.entries(), name, settings)
            app_id = entry.app_id
            channel = await stack.enter_async_context(runtime.roster.connections.opened(entry))
        yield Account(app_id=app_id, channel=channel, clock=runtime.clock, public_url=public_url)


def alone(settings: Settings, app_id: str, name: str) -> Settings:
    """With this channel alone, or none at all: what is wrong with others is not what was asked about."""
    apps = {
        each: app.model_copy(update={"channels": {name: app.channels[name]} if each == app_id else {}})
        for each, app in settings.apps.items()
        if each == app_id or not app_id
    }
    return settings.model_copy(update={"apps": apps})


def app_of(settings: Settings, name: str) -> str:
    """Channel ids are unique over all apps; "" when none of parley.toml has it."""
    return next((app_id for app_id, app in settings.apps.items() if name in app.channels), "")


def stored(entries: Sequence[ChannelEntry], name: str, settings: Settings) -> ChannelEntry:
    """Raises Misconfigured."""
    found = next((entry for entry in entries if entry.id == name and entry.app_id in settings.apps), None)
    if found is None:
        known = [each for app in settings.apps.values() for each in app.channels]
        raise Misconfigured(nowhere("channel", name, [*known, *(entry.id for entry in entries)]))
    return found
