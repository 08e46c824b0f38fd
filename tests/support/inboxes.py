"""A channel to a Messenger or Instagram inbox, and what it sent and heard."""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.meta.inbox import InboxChannel
from connectors.meta.inbox_stand_in import InboxStandIn
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.types import (
    Outgoing,
    Part,
    RawRequest,
    Rendering,
    Role,
)
from tests.support.playhouse import Stage, staged

BOTH = pytest.mark.parametrize("kind", ["messenger", "instagram"])


ANN = "7700000000000001"


def said(call: RawRequest) -> Any:
    return orjson.loads(call.body)


@asynccontextmanager
async def connected(
    folder: Path, kind: str, **settings: Any
) -> AsyncIterator[tuple[InboxChannel, Stage, InboxStandIn]]:
    """The connector alone, before the stand-in."""
    plugin = importlib.import_module(f"connectors.{kind}")
    stand_in = plugin.stand_in(SystemClock())
    http, files = HttpClient(), LocalFiles(folder, SystemClock())
    await http.open()
    async with staged(stand_in) as stage:
        own = plugin.Settings.model_validate({**stand_in.settings(stage.url), **settings})
        channel = plugin.create(own, clock=SystemClock(), http=http, files=files)
        yield channel, stage, stand_in
    await http.close()


def row(part: Part, role: Role = "bot") -> Outgoing:
    return Outgoing(
        id="out-1",
        app_id="shop",
        conversation_id="c",
        channel_id="it",
        address=ANN,
        message_id="m",
        seq=1,
        epoch=0,
        due_at=SystemClock().now(),
        renderings=(Rendering(parts=(part,), role=role),),
    )
