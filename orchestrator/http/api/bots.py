"""/v1/bots: which bots answer, and how they are."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends

from orchestrator.engine import App, Breaker, RunningBot
from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.paging import Page
from orchestrator.http.api.views import BotView

Health = Literal["ok", "failing", "resting", "on_trial"]


def routes(deps: Deps) -> APIRouter:
    router = APIRouter(prefix="/bots", tags=["Bots"])
    reader = Annotated[Caller, Depends(deps.caller("read"))]

    @router.get("", summary="List bots")
    async def list_bots(caller: reader) -> Page[BotView]:
        """Health is as this process has seen it."""
        return Page(data=[shown(caller.app, bot) for bot in caller.app.bots.values()])

    return router


def shown(app: App, bot: RunningBot) -> BotView:
    return BotView(
        name=bot.name,
        kind=bot.settings.kind,
        language=bot.bot.language,
        default=bot.name == app.settings.bot,
        deadline=bot.settings.deadline,
        fallback=bot.settings.fallback,
        health=health(bot.breaker),
        failures=bot.breaker.failures,
    )


def health(breaker: Breaker) -> Health:
    match breaker.state:
        case "open":
            return "resting"
        case "half-open":
            return "on_trial"
        case _:
            return "failing" if breaker.failures else "ok"
