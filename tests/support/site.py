"""A real aiohttp site on loopback, for the length of a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.support.loop import last_arrivals

LARGEST = 64 * 1024 * 1024


@asynccontextmanager
async def listening(*routes: web.RouteDef, port: int = 0, **options: Any) -> AsyncIterator[str]:
    """Serve the routes on a free port and give the base URL; `options` go to aiohttp's AppRunner."""
    app = web.Application(client_max_size=LARGEST)
    app.add_routes(routes)
    runner = web.AppRunner(app, **{"access_log": None, "shutdown_timeout": 0.1} | options)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await last_arrivals()
        await runner.cleanup()
