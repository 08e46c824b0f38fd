"""/v1/channels: where customers write, and what can be shown there."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends

from orchestrator.engine import App, Channel
from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.paging import Page
from orchestrator.http.api.views import ChannelView
from orchestrator.ports import Listener
from orchestrator.types import ChannelReport


def routes(deps: Deps) -> APIRouter:
    router = APIRouter(prefix="/channels", tags=["Channels"])
    reader = Annotated[Caller, Depends(deps.caller("read"))]

    @router.get("", summary="List channels")
    async def list_channels(caller: reader) -> Page[ChannelView]:
        """With what each can show natively; what it can't, it gets in the best form it can."""
        reports = await deps.engine.channels.reports(caller.app_id)
        return Page(data=[shown(caller.app, channel, reports) for channel in caller.app.channels.values()])

    return router


def shown(app: App, channel: Channel, reports: Sequence[ChannelReport]) -> ChannelView:
    pushed = channel.connector.delivery == "push"
    mine = [report for report in reports if report.channel_id == channel.id]
    listens = isinstance(channel.connector, Listener)
    return ChannelView(
        id=channel.id,
        kind=channel.settings.kind,
        bot=app.bot_for(channel.id),
        delivery=channel.connector.delivery,
        rate=channel.settings.rate,
        max_bytes=channel.settings.max_bytes,
        hook=f"/hooks/{channel.id}" if pushed else "",
        limits=channel.connector.limits,
        listening=any(report.side == "listening" for report in mine) if listens else None,
        troubles=list(dict.fromkeys(report.trouble for report in mine if report.trouble)),
    )
