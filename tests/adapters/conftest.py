"""An HttpClient for which 127.0.0.2 is the public internet."""

import ssl
from collections.abc import AsyncIterator

import pytest

from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.ssrf import Guard
from tests.support.http_client import PEM, PUBLIC, Names


@pytest.fixture
def names() -> Names:
    return Names(bot_example=[[PUBLIC]], inside_example=[["127.0.0.1"]], other_example=[[PUBLIC]])


@pytest.fixture
async def client(names: Names) -> AsyncIterator[HttpClient]:
    tls = ssl.create_default_context(cafile=str(PEM))
    made = HttpClient(Guard(names, allow=[f"{PUBLIC}/32"]), agent="Parley/test", tls=tls)
    await made.open()
    yield made
    await made.close()
