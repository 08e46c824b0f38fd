"""One message on every channel, for the desk's Preview page: POST /desk/api/preview."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from orchestrator import codec
from orchestrator.config import AppSettings
from orchestrator.http.desk.sessions import Sessions, SignedIn
from orchestrator.http.desk.wire import Form
from orchestrator.http.sections import DESK
from orchestrator.preview import Preview, installed, previews

MOST_PARTS = 20


class MessageForm(Form):
    parts: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_PARTS)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] = "en"


def preview_routes(apps: Mapping[str, AppSettings], sessions: Sessions, public_url: str) -> APIRouter:
    router = DESK.router()
    changer = Annotated[SignedIn, Depends(sessions.changer)]

    @router.post("/preview")
    async def preview(who: changer, form: MessageForm) -> dict[str, Any]:
        """Raises Malformed, naming what is wrong with the message."""
        parts = codec.parts.read(form.parts)
        limits = await asyncio.to_thread(installed)
        found = previews(parts, limits, language=form.language, base_url=public_url)
        accounts = channels_of(apps[who.agent.app_id])
        return {"channels": [plain(one, accounts[one.kind]) for one in found]}

    return router


def channels_of(app: AppSettings) -> defaultdict[str, list[str]]:
    """The app's own channels by kind."""
    found = defaultdict[str, list[str]](list)
    for name, channel in app.channels.items():
        found[channel.kind].append(name)
    return found


def plain(one: Preview, accounts: list[str]) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "accounts": accounts,
        "markup": one.limits.markup,
        "unit": one.limits.unit,
        "limit": one.limits.text,
        "parts": codec.parts.plain(one.parts),
        "losses": [asdict(loss) for loss in one.losses],
        "segments": one.segments,
    }
