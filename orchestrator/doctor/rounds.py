"""The whole round: configuration, machine, database, bus, and the way in from outside."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.sqlite import path_of
from orchestrator.app import build
from orchestrator.config import Settings
from orchestrator.doctor.finding import Finding, fail, ok, warn
from orchestrator.doctor.host import host
from orchestrator.doctor.postgres import deployment, postgres
from orchestrator.doctor.redis import redis
from orchestrator.doctor.sqlite import sqlite
from orchestrator.errors import Misconfigured, ParleyError
from orchestrator.ports import Clock
from orchestrator.roles import together

NO_SECRET = "nothing is signed while looking, and no key is made"
LOCAL = ("127.0.0.1", "localhost", "::1")
SECONDS = 5.0


async def examine(settings: Settings, base: Path, config: Path) -> AsyncIterator[Finding]:
    """Everything there is to find. Changes nothing, and starts nothing but connections."""
    clock = SystemClock()
    for finding in (*configuration(settings, base), *host(settings, base, config)):
        yield finding
    shared = together(settings)
    async for finding in database(settings, base, clock):
        yield finding
    if settings.bus.url:
        async for finding in redis(settings.bus, clock, await deployment(settings.store.url) if shared else ""):
            yield finding
    elif shared:
        mend = "name a Redis in [bus] url before a second process is started"
        yield warn("bus", "there is none: processes would not hear of each other", mend)
    async for finding in outside(settings):
        yield finding


def database(settings: Settings, base: Path, clock: Clock) -> AsyncIterator[Finding]:
    store = settings.store
    if together(settings):
        return postgres(store.url, clock, store.connections)
    return sqlite(path_of(store.url, base), clock)


def configuration(settings: Settings, base: Path) -> list[Finding]:
    """As `parley check` reads it: rules, bots' files, plugins' settings."""
    try:
        runtime = build(settings, base, secret=settings.server.secret or NO_SECRET)
    except Misconfigured as error:
        return [fail("configuration", str(problem), "see docs/configuration.md") for problem in error.problems]
    except ParleyError as error:
        return [fail("configuration", str(error), "see docs/configuration.md")]
    apps = runtime.apps.values()
    counts = {
        "app": len(apps),
        "channel": sum(len(app.channels) for app in apps),
        "bot": sum(len(app.bots) for app in apps),
    }
    said = [f"{count} {what}{'s' if count != 1 else ''}" for what, count in counts.items()]
    return [ok("configuration", ", ".join(said))]


async def outside(settings: Settings) -> AsyncIterator[Finding]:
    """Whether customers' browsers and platforms would reach us."""
    url = settings.server.public_url
    if not url:
        found = warn if together(settings) else ok_with_mend
        mend = "set server.public_url to the address customers' browsers use"
        yield found("public_url", "not set: pictures and callbacks lead to this machine", mend)
        return
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOCAL:
        yield warn("TLS", f"{url} is not encrypted", "put a proxy with TLS in front, and https:// in public_url")
    if parts.scheme == "https" and not settings.server.trusted_proxies:
        mend = "name the proxy's address in server.trusted_proxies: else every customer seems to come from there"
        yield warn("proxy", "no proxy is trusted, though TLS ends somewhere before us", mend)
    yield await reached(url)


def ok_with_mend(part: str, said: str, mend: str) -> Finding:
    return Finding(part=part, state="ok", said=said, mend=mend)


async def reached(url: str) -> Finding:
    part, mend = "public_url", "start a web process, and let the proxy pass everything on to it"
    http = HttpClient()
    await http.open()
    try:
        answer = await http.request("GET", f"{url}/healthz", timeout=SECONDS, trusted=True)
    except ParleyError as error:
        return warn(part, str(error), mend)
    finally:
        await http.close()
    if answer.status != 200 or b'"ok"' not in answer.body:
        return warn(part, f"{url}/healthz answers {answer.status}, not as Parley does", mend)
    return ok(part, f"{url} is reached")
