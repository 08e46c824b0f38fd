"""A connector alone, wired to its stand-in over real HTTP: what it hears, sends, checks and sets up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.registry import plugin
from orchestrator.types import Outgoing, Part, Rendering
from tests.support.playhouse import Stage, made, staged


@asynccontextmanager
async def wired(kind: str, folder: Path, **settings: Any) -> AsyncIterator[tuple[Any, Stage, Any]]:
    """Connector, stage and stand-in; `settings` go over those the stand-in gives."""
    stand_in = made(kind, SystemClock())
    http, files = HttpClient(), LocalFiles(folder, SystemClock())
    await http.open()
    try:
        async with staged(stand_in) as stage:
            module: Any = plugin("connectors", kind)
            own = module.Settings.model_validate({**stand_in.settings(stage.url), **settings})
            connector = module.create(own, clock=SystemClock(), http=http, files=files)
            yield connector, stage, stand_in
            await connector.close()
    finally:
        await http.close()


async def sent(connector: Any, address: str, *parts: Part, attempts: int = 0, done: int = 0, id: str = "out-1") -> str:
    """The platform's id of a rendering with these parts."""
    rendering = Rendering(parts=parts)
    outgoing = Outgoing(
        id=id,
        app_id="shop",
        conversation_id="con-1",
        channel_id="it",
        address=address,
        message_id="m",
        seq=1,
        epoch=0,
        due_at=SystemClock().now(),
        attempts=attempts,
        renderings=(rendering,),
        done=done,
    )
    return str((await connector.send(rendering, outgoing)).external_id)
