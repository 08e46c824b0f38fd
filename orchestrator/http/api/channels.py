"""/v1/channels: where customers write, and what can be shown there."""

from typing import Annotated

from fastapi import APIRouter, Depends

from orchestrator.engine import App, Channel
from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.paging import Page
from orchestrator.http.api.views import ChannelView


def routes(deps: Deps) -> APIRouter:
    router = APIRouter(prefix="/channels", tags=["Channels"])
    reader = Annotated[Caller, Depends(deps.caller("read"))]

    @router.get("", summary="List channels")
    async def list_channels(caller: reader) -> Page[ChannelView]:
        """With what each can show natively; what it can't, it gets in the best form it can."""
        return Page(data=[shown(caller.app, channel) for channel in caller.app.channels.values()])

    return router


def shown(app: App, channel: Channel) -> ChannelView:
    pushed = channel.connector.delivery == "push"
    return ChannelView(
        id=channel.id,
        kind=channel.settings.kind,
        bot=app.bot_for(channel.id),
        delivery=channel.connector.delivery,
        rate=channel.settings.rate,
        max_bytes=channel.settings.max_bytes,
        hook=f"/hooks/{channel.id}" if pushed else "",
        limits=channel.connector.limits,
    )
