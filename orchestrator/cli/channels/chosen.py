"""The channel a command is about, opened for its work alone: no turns run, nothing is accepted."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.app import build
from orchestrator.config import Settings
from orchestrator.engine import Channel
from orchestrator.errors import Misconfigured
from orchestrator.ledger import nowhere
from orchestrator.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """`hook` is the public address platforms deliver to."""

    app_id: str
    channel: Channel
    hook: str
    clock: Clock
    public_url: str


@asynccontextmanager
async def opened(settings: Settings, base: Path, name: str, url: str = "") -> AsyncIterator[Opened]:
    """Raises Misconfigured, and what the connector raises when it opens."""
    app_id = app_of(settings, name)
    alone = settings.model_copy(update={"apps": {app_id: only(settings, app_id, name)}})
    runtime = build(alone, base, public_url=url)
    channel = runtime.apps[app_id].channels[name]
    async with AsyncExitStack() as stack:
        for part in (runtime.files, runtime.http, channel.connector):
            await part.open()
            stack.push_async_callback(part.close)
        public_url = (url or runtime.public_url).rstrip("/")
        hook = f"{public_url}/hooks/{name}"
        yield Opened(app_id=app_id, channel=channel, hook=hook, clock=runtime.clock, public_url=public_url)


def only(settings: Settings, app_id: str, name: str) -> object:
    """The app with this channel alone: what is wrong with others is not what was asked about."""
    app = settings.apps[app_id]
    return app.model_copy(update={"channels": {name: app.channels[name]}})


def app_of(settings: Settings, name: str) -> str:
    """Channel ids are unique over all apps. Raises Misconfigured."""
    for app_id, app in settings.apps.items():
        if name in app.channels:
            return app_id
    raise Misconfigured(nowhere("channel", name, [each for app in settings.apps.values() for each in app.channels]))
