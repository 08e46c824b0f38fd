"""/v1/channels: where customers write, what can be shown there, and adding more while the server runs."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from orchestrator.engine import App, Channel
from orchestrator.errors import NotFound
from orchestrator.http.api import stored
from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.paging import Page
from orchestrator.http.api.views import ChannelFile, ChannelView
from orchestrator.http.sections import V1, joined
from orchestrator.ports import Listener
from orchestrator.roster.office import Office
from orchestrator.roster.settings import shown
from orchestrator.types import ChannelEntry, ChannelReport


class Shelf:
    """An app's channels as people see them: those that run, and those that are stored and do not."""

    def __init__(self, deps: Deps, office: Office) -> None:
        self.deps = deps
        self.connections = office.roster.connections

    async def all(self, app_id: str) -> list[ChannelView]:
        app = self.deps.apps[app_id]
        reports = await self.deps.engine.channels.reports(app_id)
        entries = {entry.id: entry for entry in await self.connections.switchboard.records.entries(app_id)}
        idle = [entry for entry in entries.values() if entry.id not in app.channels]
        running = [self.running(app, channel, reports, entries.get(channel.id)) for channel in app.channels.values()]
        return [ChannelView(**one) for one in (*running, *(self.resting(app, entry) for entry in idle))]

    async def file(self, app_id: str, channel_id: str) -> ChannelFile:
        """Raises NotFound."""
        app = self.deps.apps[app_id]
        channel = app.channels.get(channel_id)
        entries = await self.connections.switchboard.records.entries(app_id)
        entry = next((each for each in entries if each.id == channel_id), None)
        if channel is not None:
            seen = self.running(app, channel, await self.deps.engine.channels.reports(app_id), entry)
        elif entry is not None:
            seen = self.resting(app, entry)
        else:
            raise NotFound(f"app {app_id!r} has no channel {channel_id!r}")
        settings = entry.shown if entry else shown(channel.settings) if channel else {}
        return ChannelFile(
            **seen,
            settings=settings,
            author=entry.author if entry else "",
            created_at=entry.created_at if entry else None,
            updated_at=entry.updated_at if entry else None,
        )

    def running(
        self, app: App, channel: Channel, reports: Sequence[ChannelReport], entry: ChannelEntry | None
    ) -> dict[str, Any]:
        pushed = channel.connector.delivery == "push"
        mine = [report for report in reports if report.channel_id == channel.id]
        listens = isinstance(channel.connector, Listener)
        troubles = [self.connections.trouble.get(channel.id, "") if entry else "", *(one.trouble for one in mine)]
        return {
            "id": channel.id,
            "kind": channel.settings.kind,
            "bot": app.bot_for(channel.id),
            "delivery": channel.connector.delivery,
            "rate": channel.settings.rate,
            "max_bytes": channel.settings.max_bytes,
            "hook": f"/hooks/{channel.id}" if pushed else "",
            "limits": channel.connector.limits,
            "listening": any(report.side == "listening" for report in mine) if listens else None,
            "troubles": list(dict.fromkeys(filter(None, troubles))),
            "stored": entry is not None,
        }

    def resting(self, app: App, entry: ChannelEntry) -> dict[str, Any]:
        trouble = self.connections.trouble.get(entry.id, "")
        return {
            "id": entry.id,
            "kind": entry.kind,
            "bot": str(entry.shown.get("bot") or app.settings.bot),
            "troubles": [trouble] if trouble else [],
            "stored": True,
            "enabled": entry.enabled,
        }


def routes(deps: Deps, office: Office) -> APIRouter:
    router = V1.router("/channels", "Channels")
    reader = Annotated[Caller, Depends(deps.caller("read"))]
    shelf = Shelf(deps, office)

    @router.get("", summary="List channels")
    async def list_channels(caller: reader) -> Page[ChannelView]:
        """With what each can show natively; what it can't, it gets in the best form it can."""
        return Page(data=await shelf.all(caller.app_id))

    @router.get("/{channel_id}", summary="Get a channel")
    async def get_channel(caller: reader, channel_id: str) -> ChannelFile:
        """With its settings, and never with its secrets."""
        return await shelf.file(caller.app_id, channel_id)

    admin = deps.caller("admin")
    return joined((router, stored.changing(office, admin, shelf.file), stored.connecting(office, admin)))
