"""One process of Parley, put together: store, bus, apps, engine. Its web side is `orchestrator.site`."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from orchestrator.adapters.buses import bus_of
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.media import MediaFiles, files_of
from orchestrator.adapters.metrics import Metrics
from orchestrator.adapters.ssrf import Guard
from orchestrator.adapters.stores import Database, store_of
from orchestrator.config import ProcessRole, Settings
from orchestrator.engine import App, Engine, World
from orchestrator.errors import Misconfigured
from orchestrator.keyring import kept_secret, secret_path, vault_of
from orchestrator.ports import Bus, Clock
from orchestrator.registry import Workshop, build_apps
from orchestrator.retention import Removal
from orchestrator.roles import check_role, together
from orchestrator.roster import Connections, Registrar, Roster, Switchboard
from orchestrator.roster.office import Office

NO_APP = "no app is configured: add an [apps.<name>] table; 'parley demo' shows a working one"
log = structlog.get_logger("parley")


class Part(Protocol):
    """What is opened at the start and closed at the end."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """One process of Parley, assembled but not started. `open` is a context: everything runs inside it."""

    settings: Settings
    base: Path
    public_url: str
    secret: str
    clock: SystemClock
    role: ProcessRole
    store: Database
    bus: Bus
    files: MediaFiles
    http: HttpClient
    metrics: Metrics
    apps: dict[str, App]
    engine: Engine
    registrar: Registrar
    roster: Roster

    @property
    def office(self) -> Office:
        return Office(self.registrar, self.roster, self.store.bots, self.clock, public_url=self.public_url)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Start in the order things need each other, stop in reverse. Raises Misconfigured, Unavailable …"""
        async with AsyncExitStack() as stack:
            removal = Removal(self.store, self.clock, self.settings.retention)
            parts: tuple[Part, ...] = (self.store, self.http, self.files, self.bus, removal)
            for part in parts:
                await part.open()
                stack.push_async_callback(part.close)
            for app in list(self.apps.values()):
                await self.open_app(app, stack)
            await self.roster.open()
            stack.push_async_callback(self.roster.close)
            await self.engine.open()
            stack.push_async_callback(self.engine.stop, self.settings.server.stop_seconds)
            yield

    async def open_app(self, app: App, stack: AsyncExitStack) -> None:
        connectors = [channel.connector for channel in app.channels.values()]
        bots = [running.bot for running in app.bots.values()]
        parts: tuple[Part, ...] = (app.understander, *bots, *connectors)
        for part in parts:
            await part.open()
            stack.push_async_callback(part.close)
        for line in app.understander.available():
            log.info(line, app_id=app.id)


def build(
    settings: Settings,
    base: Path,
    *,
    public_url: str = "",
    secret: str = "",
    role: ProcessRole = "all",
    simulating: bool = False,
) -> Runtime:
    """Assemble a process. `base` is the folder relative paths start from. Raises Misconfigured.

    Without a `secret`, here or in the settings, the one kept with the data is used, and made if need be. `simulating`
    is for platforms played on this machine: what this very server serves may be fetched to be uploaded to them.
    """
    check_role(settings, role)
    if not settings.apps:
        raise Misconfigured(NO_APP, key=("apps",))
    public_url = (settings.server.public_url or public_url or address(settings)).rstrip("/")
    clock = SystemClock()
    store = store_of(settings.store, base, clock)
    secret = secret or settings.server.secret or kept_secret(secret_path(settings, base))
    bus, cache = bus_of(settings.bus, clock, store)
    http = HttpClient(Guard(ours=public_url if simulating else ""))
    files = files_of(settings.media, base / settings.store.media, http, clock)
    metrics = Metrics()
    metrics.watch("parley_bus_up", "Whether what carries the bus can be reached; 0: working without.", bus_up(bus))
    workshop = Workshop(
        clock=clock, http=http, files=files, recorder=metrics, base=base, cache=cache, translations=store
    )
    apps = build_apps(settings.apps, workshop)
    metrics.engines = partial(engines, apps)
    world = world_of(store, bus, clock, metrics, files, http)
    engine = engine_of(settings, apps, world, secret=secret, public_url=public_url, role=role)
    registrar = registrar_of(settings, base, store, clock, bus)
    return Runtime(
        settings=settings,
        role=role,
        base=base,
        public_url=public_url,
        secret=secret,
        clock=clock,
        store=store,
        bus=bus,
        files=files,
        http=http,
        metrics=metrics,
        apps=apps,
        engine=engine,
        registrar=registrar,
        roster=roster_of(apps, workshop, engine, registrar, switchboard_of(settings, base, store, clock, bus)),
    )


def world_of(store: Database, bus: Bus, clock: Clock, metrics: Metrics, files: MediaFiles, http: HttpClient) -> World:
    """One database keeps everything the engine asks for."""
    return World(
        store=store,
        records=store,
        letters=store,
        translations=store,
        people=store.people,
        channels=store.channels,
        bus=bus,
        clock=clock,
        recorder=metrics,
        files=files,
        http=http,
    )


def engine_of(
    settings: Settings, apps: Mapping[str, App], world: World, *, secret: str, public_url: str, role: ProcessRole
) -> Engine:
    return Engine(
        apps,
        world,
        settings=settings.engine,
        media=settings.media,
        secret=secret,
        public_url=public_url,
        role=role,
        together=together(settings),
    )


def roster_of(
    apps: dict[str, App],
    workshop: Workshop,
    engine: Engine,
    registrar: Registrar,
    switchboard: Switchboard,
) -> Roster:
    """What keeps the running apps as they are registered; a channel that is unknown is looked for there."""
    roster = Roster(
        apps,
        registrar,
        registrar.bots,
        workshop,
        engine.bus,
        engine.settings.sweep_seconds,
        connections=Connections(switchboard, workshop, engine.introduce),
        swapped=engine.rearranged,
    )
    engine.lookout.look = roster.look
    return roster


def registrar_of(settings: Settings, base: Path, store: Database, clock: Clock, bus: Bus | None = None) -> Registrar:
    """Without a `bus` other processes hear of changes when they next look."""
    announce = bus.publish if bus is not None else None
    vault = vault_of(settings, base)
    return Registrar(settings.apps, store.bots, vault, clock, announce, channels=store.stored)


def switchboard_of(
    settings: Settings, base: Path, store: Database, clock: Clock, bus: Bus | None = None
) -> Switchboard:
    """As `registrar_of`, for channels."""
    announce = bus.publish if bus is not None else None
    return Switchboard(settings.apps, store.stored, store.bots, vault_of(settings, base), clock, announce)


def bus_up(bus: Bus) -> Callable[[], float]:
    return lambda: float(not bus.trouble())


def engines(apps: Mapping[str, App]) -> Iterator[tuple[str, str, bool]]:
    """App, translation engine, and whether it may be asked now."""
    for app in apps.values():
        for health in app.understander.chain.health():
            yield app.id, health.name, health.up


def address(settings: Settings) -> str:
    return f"http://{settings.server.host}:{settings.server.port}"
