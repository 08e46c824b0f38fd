"""What machines ask of this process: `/metrics`, `/healthz` (it is alive), `/readyz` (it may be sent work)."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Generic, Protocol, TypeVar

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orchestrator.errors import ParleyError, Unauthenticated, Unavailable
from orchestrator.ports import Bus
from orchestrator.types import ChannelReport

PATIENCE = 2.0
"""Seconds a part may take to answer."""
FRESH = 1.0
"""Seconds an answer is good for: asking in a loop loads nothing."""
HEADERS = {"Cache-Control": "no-store"}

T = TypeVar("T")
Check = Callable[[], Awaitable[object]]
"""Returns when all is well, raises ParleyError with the reason when not."""

log = structlog.get_logger("parley.ops")


class Exposition(Protocol):
    """Metrics, as adapters.metrics has them."""

    def troubled(self, reports: Sequence[ChannelReport]) -> None: ...
    def render(self, counts: Mapping[str, int] | None, accept: str = "") -> tuple[bytes, str]: ...


class Counted(Protocol):
    async def counts(self) -> Mapping[str, int]: ...


class Probed(Protocol):
    async def probe(self) -> None:
        """Raises Unavailable unless it can be written now."""
        ...


class Reported(Protocol):
    async def reports(self) -> Sequence[ChannelReport]: ...


class Living(Protocol):
    """The engine: alive from its start until it begins to stop, or until one of its loops died."""

    @property
    def alive(self) -> bool: ...


class Lately(Generic[T]):
    """One answer for everybody who asks within FRESH seconds, and one question at a time."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self.ask = ask
        self.asking: asyncio.Future[T] | None = None
        self.until = 0.0

    async def get(self) -> T:
        now = asyncio.get_running_loop().time()
        if self.asking is None or (self.asking.done() and now >= self.until):
            self.asking = asyncio.ensure_future(self.ask())
            self.until = now + FRESH
        return await asyncio.shield(self.asking)


def router(
    *,
    metrics: Exposition,
    records: Counted,
    store: Probed,
    engine: Living,
    bus: Bus | None = None,
    channels: Reported | None = None,
    metrics_token: str = "",
) -> APIRouter:
    """With a `metrics_token`, /metrics wants it as "Authorization: Bearer …"."""
    routes = APIRouter(include_in_schema=False)
    counts = Lately(lambda: count(records))
    parts: dict[str, Check] = {"store": store.probe}
    if bus is not None:
        parts["bus"] = partial(ring, bus)
    states = Lately(lambda: examine(parts))
    troubles = Lately(lambda: wrong(channels))

    @routes.get("/metrics")
    async def scrape(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode("latin-1")
        known = hmac.compare_digest(given, f"Bearer {metrics_token}".encode())
        if metrics_token and not known:
            raise Unauthenticated("/metrics wants the token that server.metrics_token names")
        metrics.troubled(await troubles.get())
        body, content_type = metrics.render(await counts.get(), request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type, **HEADERS})

    @routes.api_route("/healthz", methods=["GET", "HEAD"])
    async def alive() -> Response:
        return JSONResponse({"status": "ok"}, headers=HEADERS)

    @routes.api_route("/readyz", methods=["GET", "HEAD"])
    async def ready() -> Response:
        running = {"engine": "ok" if engine.alive else "not running: starting, stopping or broken"}
        checks = running | dict(await states.get())
        good = set(checks.values()) == {"ok"}
        # Without its server the bus still does its work in this process: taking traffic away would only end that too.
        if bus is not None and (trouble := bus.trouble()):
            checks["bus"] = f"degraded: {trouble}"
        # What one platform does not take is no reason to send customers of the others away.
        checks |= {f"channel {one.channel_id}": f"degraded: {one.trouble}" for one in await troubles.get()}
        body = {"status": "ready" if good else "not ready", "checks": checks}
        return JSONResponse(body, 200 if good else 503, headers=HEADERS)

    return routes


async def wrong(channels: Reported | None) -> Sequence[ChannelReport]:
    """The channels that don't work as they should; none when the database does not say, in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            found = await channels.reports() if channels else ()
    except (ParleyError, TimeoutError):
        return ()
    return [report for report in found if report.trouble]


async def count(records: Counted) -> Mapping[str, int] | None:
    """None when the database does not say, in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await records.counts()
    except (ParleyError, TimeoutError):
        return None
    except Exception:
        log.exception("counting for /metrics broke")
        return None


async def examine(parts: Mapping[str, Check]) -> Mapping[str, str]:
    states = await asyncio.gather(*(state(name, check) for name, check in parts.items()))
    return dict(zip(parts, states, strict=True))


async def state(name: str, check: Check) -> str:
    """ "ok", or why not; what nobody foresaw goes to the log and not to whoever asks."""
    try:
        async with asyncio.timeout(PATIENCE):
            await check()
    except ParleyError as error:
        return str(error)
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s"
    except Exception:
        log.exception("a readiness check broke", part=name)
        return "broken; see the log"
    return "ok"


async def ring(bus: Bus) -> None:
    """A whole round trip to whatever carries the bus."""
    if await bus.take("ops:readyz", limit=1000, per=timedelta(seconds=1)):
        raise Unavailable("it counts more checks than were made")
