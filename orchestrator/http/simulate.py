"""`/simulate/{channel}`: a platform played on this machine; its API, and a page to chat through it.

Anybody who reaches the server can use it: it is for trying, never part of `parley serve`.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from orchestrator import codec
from orchestrator.errors import Malformed, NotFound
from orchestrator.http.demo import HEADERS
from orchestrator.simulate import Habits, Platform, Simulation
from orchestrator.types import RawRequest, RawResponse

LONGEST_WAIT = 25.0
SILENCE = 30.0
"""Seconds after which a lost answer is given up by any client."""
User = Annotated[str, Query(min_length=1, max_length=40, pattern=r"^[\w .+@-]+$")]
Played = Callable[[str], Platform]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]


def router(simulation: Simulation, folder: Path) -> APIRouter:
    """`folder` holds index.html, screen.html and what they load from /simulate/static/."""
    routes = APIRouter(include_in_schema=False, prefix="/simulate")

    def played(channel: str) -> Platform:
        if channel not in simulation.platforms:
            raise NotFound(f"no platform is played for channel {channel!r}")
        return simulation.platforms[channel]

    @routes.get("/platforms.json")
    async def platforms() -> dict[str, Any]:
        known = simulation.platforms.values()
        return {"platforms": [{"channel": one.channel_id, "kind": one.stand_in.kind} for one in known]}

    @routes.api_route("/{channel}/api/{path:path}", methods=METHODS)
    async def call(request: Request, channel: str, path: str) -> Response:
        answer = await played(channel).call(await raw(request, path))
        if answer is None:
            await asyncio.sleep(SILENCE)
        return plain(answer or RawResponse(status=504))

    add_pages(routes, folder, played)
    add_screen(routes, played)
    return routes


def add_pages(routes: APIRouter, folder: Path, played: Played) -> None:
    files = StaticFiles(directory=folder)

    async def page(request: Request, name: str) -> Response:
        response = await files.get_response(name, request.scope)
        response.headers.update(HEADERS)
        return response

    @routes.get("")
    async def overview(request: Request) -> Response:
        return await page(request, "index.html")

    @routes.get("/static/{path:path}")
    async def static(request: Request, path: str) -> Response:
        return await page(request, path)

    @routes.get("/{channel}")
    async def screen(request: Request, channel: str) -> Response:
        played(channel)
        return await page(request, "screen.html")


def add_screen(routes: APIRouter, played: Played) -> None:
    """What the page asks for."""

    @routes.get("/{channel}/screen")
    async def look(channel: str, user: User, after: int = -1) -> dict[str, Any]:
        platform = played(channel)
        version = await platform.newer(after, LONGEST_WAIT)
        return {"version": version, **sight(platform, user)}

    @routes.post("/{channel}/say")
    async def say(channel: str, user: User, part: Annotated[dict[str, Any], Body()]) -> JSONResponse:
        platform = played(channel)
        try:
            await platform.say(user, codec.parts.read([part])[0])
        except (KeyError, ValueError) as error:
            raise Malformed(f"a user of {platform.stand_in.kind} can't say this: {error}") from None
        return JSONResponse({"ok": True})

    @routes.put("/{channel}/habits")
    async def habits(channel: str, given: Annotated[Habits, Body()]) -> dict[str, bool]:
        platform = played(channel)
        platform.courier.habits = Habits(twice=given.twice, shuffled=given.shuffled, late=min(max(given.late, 0), 30))
        return {"ok": True}

    @routes.post("/{channel}/fault")
    async def fault(
        channel: str, kind: Literal["throttled", "broken", "window_closed", "token_expired", "silent"]
    ) -> dict[str, bool]:
        platform = played(channel)
        platform.faults.append(kind)
        return {"ok": True}


def sight(platform: Platform, user: str) -> dict[str, Any]:
    habits = platform.courier.habits
    return {
        "kind": platform.stand_in.kind,
        "messages": [
            {"id": one.id, "mine": one.mine, "state": one.state, "parts": codec.parts.plain(one.parts)}
            for one in platform.shown(user)
        ],
        "wire": [
            {
                "number": one.number,
                "direction": one.direction,
                "method": one.method,
                "path": one.path,
                "body": one.body,
                "status": one.status,
                "answer": one.answer,
            }
            for one in list(platform.sights)[-60:]
        ],
        "habits": {"twice": habits.twice, "shuffled": habits.shuffled, "late": habits.late},
        "faults": list(platform.faults),
    }


async def raw(request: Request, path: str) -> RawRequest:
    return RawRequest(
        method=request.method,
        path=f"/{path}",
        headers=dict(request.headers),
        query=dict(request.query_params),
        body=await request.body(),
    )


def plain(answer: RawResponse) -> Response:
    return Response(answer.body, status_code=answer.status, media_type=answer.media_type, headers=dict(answer.headers))
