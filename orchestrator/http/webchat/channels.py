"""The configured web chats, and what their visitors' requests are served with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.webchat import Settings, WebChat
from connectors.webchat.tokens import Tokens
from orchestrator.engine import App, Channel
from orchestrator.engine.per_channel import PerChannel
from orchestrator.errors import NotFound
from orchestrator.ports import Accounts, Bus, Clock, Files, Records
from orchestrator.types import Accepted, Conversation, Inbound, Marks, QueueView, Role


class Core(Protocol):
    """What the engine is to a web chat."""

    async def accept(self, app_id: str, channel_id: str, events: Sequence[Inbound]) -> list[Accepted]: ...
    async def read_by_customer(
        self, app_id: str, conversation_id: str, *, delivered: int = 0, read: int = 0
    ) -> Marks: ...
    async def typing(self, app_id: str, conversation_id: str, role: Role, author: str, on: bool) -> None: ...
    async def set_context(
        self, app_id: str, conversation_id: str, context: Mapping[str, Any], language: str = ""
    ) -> None: ...
    async def worded(self, app_id: str, text: str, source: str, target: str) -> str: ...
    async def queue_view(self, conversation: Conversation) -> QueueView | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebChannel:
    """`rate` is messages a visitor may send per minute, `max_bytes` the largest frame; `name` the app's."""

    app_id: str
    id: str
    connector: WebChat
    name: str = ""
    languages: tuple[str, ...] = ("en",)
    pivot: str = "en"
    rate: int = 30
    max_bytes: int = 65536

    @property
    def settings(self) -> Settings:
        return self.connector.settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    engine: Core
    records: Records
    accounts: Accounts
    bus: Bus
    files: Files
    clock: Clock
    public_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A channel with the signer of its visitors' tokens."""

    channel: WebChannel
    tokens: Tokens


class Directory:
    """`channels` are those there are now: they come and go."""

    def __init__(self, channels: Mapping[str, WebChannel], secret: str) -> None:
        self.channels = channels
        self.secret = secret
        self.opened: dict[str, Open] = {}

    def find(self, channel_id: str) -> Open:
        """Raises NotFound."""
        channel = self.channels.get(channel_id)
        if channel is None:
            self.opened.pop(channel_id, None)
            raise NotFound(f"there is no web chat {channel_id!r}; check 'data-channel' in the script tag")
        found = self.opened.get(channel_id)
        if found is None or found.channel is not channel:
            found = Open(channel=channel, tokens=channel.connector.tokens(channel_id, self.secret))
            self.opened[channel_id] = found
        return found


def web_channels(apps: Mapping[str, App]) -> Mapping[str, WebChannel]:
    """Every web chat of every app, also those still to come."""
    return PerChannel(apps, web_channel)


def web_channel(app: App, channel: Channel) -> WebChannel | None:
    if not isinstance(channel.connector, WebChat):
        return None
    return WebChannel(
        app_id=app.id,
        id=channel.id,
        connector=channel.connector,
        name=app.name,
        languages=app.settings.languages,
        pivot=app.settings.pivot,
        rate=channel.settings.rate,
        max_bytes=channel.settings.max_bytes,
    )
