"""A channel to WhatsApp, and what it sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from connectors import whatsapp
from connectors.whatsapp.connector import WhatsAppChannel
from connectors.whatsapp.stand_in import WhatsAppStandIn
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.ssrf import Guard
from orchestrator.types import (
    RawRequest,
)
from tests.support.playhouse import Stage, staged

KIND = {"kind": "whatsapp"}


def said(call: RawRequest) -> Any:
    return orjson.loads(call.body)


@asynccontextmanager
async def connected(
    folder: Path, guard: Guard | None = None, **settings: Any
) -> AsyncIterator[tuple[WhatsAppChannel, Stage, WhatsAppStandIn]]:
    """The connector alone, before the stand-in."""
    stand_in = whatsapp.stand_in(SystemClock())
    assert isinstance(stand_in, WhatsAppStandIn)
    http, files = HttpClient(guard), LocalFiles(folder, SystemClock())
    await http.open()
    async with staged(stand_in) as stage:
        own = whatsapp.Settings.model_validate({**stand_in.settings(stage.url), **settings})
        channel = whatsapp.create(own, clock=SystemClock(), http=http, files=files)
        assert isinstance(channel, WhatsAppChannel)
        yield channel, stage, stand_in
    await http.close()
