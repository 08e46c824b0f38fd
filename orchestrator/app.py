"""Wires everything together: the only file that may import everything."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Protocol

import structlog
from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from orchestrator.adapters.buses import bus_of
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.kept import kept
from orchestrator.adapters.media import MediaFiles, files_of
from orchestrator.adapters.metrics import Metrics
from orchestrator.adapters.sqlite import path_of
from orchestrator.adapters.ssrf import Guard
from orchestrator.adapters.stores import Database, store_of
from orchestrator.adapters.vault import AesVault
from orchestrator.config import AppSettings, ProcessRole, Settings
from orchestrator.config.section import SHORTEST_SECRET
from orchestrator.engine import App, Channel, Engine, World
from orchestrator.engine.per_channel import PerChannel
from orchestrator.errors import Misconfigured
from orchestrator.http import api, callback, forms, hooks, media, ops, simulate, webchat
from orchestrator.http import demo as shop
from orchestrator.http.api import docs
from orchestrator.http.desk import desk_routes
from orchestrator.http.problems import MAX_BODY, install
from orchestrator.http.replies import Replies
from orchestrator.http.sections import joined
from orchestrator.http.webchat.channels import Services, web_channels
from orchestrator.ports import Answering, Batching, Bus, Clock
from orchestrator.registry import Workshop, build_apps
from orchestrator.resources import folder
from orchestrator.retention import Removal
from orchestrator.roles import check_role, together
from orchestrator.roster import Connections, Registrar, Roster, Switchboard
from orchestrator.roster.office import Office
from orchestrator.simulate import Simulation

WEB = folder("web")
log = structlog.get_logger("parley")


class Part(Protocol):
    """What is opened at the start and closed at the end."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...


class LiveSettings(Mapping[str, AppSettings]):
    """Of each app as it is now, with its stored channels."""

    def __init__(self, apps: Mapping[str, App]) -> None:
        self.apps = apps

    def __getitem__(self, app_id: str) -> AppSettings:
        return self.apps[app_id].settings

    def __iter__(self) -> Iterator[str]:
        return iter(self.apps)

    def __len__(self) -> int:
        return len(self.apps)


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
        raise Misconfigured(
            "no app is configured: add an [apps.<name>] table; 'parley demo' shows a working one", key=("apps",)
        )
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
        clock=clock,
        http=http,
        files=files,
        recorder=metrics,
        base=base,
        cache=cache,
        translations=store,
    )
    apps = build_apps(settings.apps, workshop)
    metrics.engines = partial(engines, apps)
    engine = Engine(
        apps,
        world_of(store, bus, clock, metrics, files, http),
        settings=settings.engine,
        media=settings.media,
        secret=secret,
        public_url=public_url,
        role=role,
        together=together(settings),
    )
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


def vault_of(settings: Settings, base: Path) -> AesVault:
    return AesVault(lambda: settings.registry.key or (kept_secret(secret_path(settings, base, "registry")),))


def secret_path(settings: Settings, base: Path, name: str = "parley") -> Path:
    """Where a key is kept: with what all processes share."""
    if together(settings):
        return base / settings.store.media / (".parley.secret" if name == "parley" else f".{name}.secret")
    return path_of(settings.store.url, base).parent / f"{name}.secret"


def bus_up(bus: Bus) -> Callable[[], float]:
    return lambda: float(not bus.trouble())


def engines(apps: Mapping[str, App]) -> Iterator[tuple[str, str, bool]]:
    """App, translation engine, and whether it may be asked now."""
    for app in apps.values():
        for health in app.understander.chain.health():
            yield app.id, health.name, health.up


def address(settings: Settings) -> str:
    return f"http://{settings.server.host}:{settings.server.port}"


def kept_secret(path: Path) -> str:
    """The key made at the first start. Raises Misconfigured when it can't be kept, or is none."""
    try:
        secret = kept(path, lambda: secrets.token_urlsafe(48))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise Misconfigured(f"the signing key {str(path)!r} can't be kept: {reason}; set server.secret") from None
    if len(secret) < SHORTEST_SECRET:
        raise Misconfigured(
            f"the signing key {str(path)!r} is too short; delete the file, and another is made at the start"
        )
    return secret


def web(runtime: Runtime, *, demo: bool = False, simulation: Simulation | None = None) -> ASGIApp:
    """The web application. Its lifespan starts and stops the runtime."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with runtime.open():
            yield

    # Documentation is our own page: FastAPI's loads scripts from elsewhere.
    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None, max_body_size=MAX_BODY)
    install(app)
    channels = hook_channels(runtime)
    replies = Replies(runtime.engine, runtime.store, runtime.bus, public_url=runtime.public_url)
    app.router.routes.extend(hooks.routes(channels, runtime.engine, runtime.bus, replies))
    app.router.routes.extend(callback.routes(runtime.engine))
    app.router.routes.extend(forms.routes(runtime.engine.forms, WEB / "forms"))
    chat = chat_routes(runtime)
    app.router.routes.extend(chat)
    v1 = api_routes(runtime)
    parts = [
        ops_routes(runtime),
        media.router(runtime.files),
        desk_pages(runtime),
        v1,
        docs.routes(v1, WEB / "docs", version()),
    ]
    if demo:
        parts.append(shop.router(WEB / "demo", folder("examples") / "shop" / "media"))
    if simulation is not None:
        parts.append(simulate.router(simulation, WEB / "simulate"))
    app.router.routes.extend(joined(parts).routes)
    return webchat.SocketsFirst(
        hooks.HooksFirst(app, hooks.Hooks(channels, runtime.engine, runtime.bus, replies)), chat
    )


def largest(channel: Channel) -> int:
    """Bytes of one delivery: as configured, else what the platform may post at once."""
    connector, settings = channel.connector, channel.settings
    if isinstance(connector, Batching) and "max_bytes" not in settings.model_fields_set:
        return connector.max_bytes
    return settings.max_bytes


def hook_channels(runtime: Runtime) -> Mapping[str, hooks.HookChannel]:
    """Every channel a platform delivers to, also those still to come; web chats have routes of their own."""

    def hook(app: App, channel: Channel) -> hooks.HookChannel | None:
        if channel.connector.delivery != "push" and not isinstance(channel.connector, Answering):
            return None
        return hooks.HookChannel(
            app_id=app.id,
            id=channel.id,
            connector=channel.connector,
            rate=channel.settings.rate,
            public_url=runtime.public_url,
            max_bytes=largest(channel),
        )

    return PerChannel(runtime.apps, hook)


def chat_routes(runtime: Runtime) -> list[BaseRoute]:
    services = Services(
        engine=runtime.engine,
        records=runtime.store,
        accounts=runtime.store,
        bus=runtime.bus,
        files=runtime.files,
        clock=runtime.clock,
        public_url=runtime.public_url,
    )
    return webchat.routes(web_channels(runtime.apps), services, secret=runtime.secret, web=WEB)


def desk_pages(runtime: Runtime) -> APIRouter:
    return desk_routes(
        crew=runtime.engine,
        records=runtime.store,
        accounts=runtime.store,
        bus=runtime.bus,
        clock=runtime.clock,
        files=runtime.files,
        apps=LiveSettings(runtime.apps),
        public_url=runtime.public_url,
        folder=WEB / "desk",
        office=runtime.office,
    )


def api_routes(runtime: Runtime) -> APIRouter:
    return api.router(
        apps=runtime.apps,
        engine=runtime.engine,
        records=runtime.store,
        letters=runtime.store,
        accounts=runtime.store,
        bus=runtime.bus,
        clock=runtime.clock,
        office=runtime.office,
    )


def ops_routes(runtime: Runtime) -> APIRouter:
    return ops.router(
        metrics=runtime.metrics,
        records=runtime.store,
        store=runtime.store,
        engine=runtime.engine,
        bus=runtime.bus,
        channels=runtime.store.channels,
        metrics_token=runtime.settings.server.metrics_token,
    )


def ops_only(runtime: Runtime) -> ASGIApp:
    """The application of a worker: what machines ask of it, and nothing else."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, max_body_size=MAX_BODY)
    install(app)
    app.router.routes.extend(ops_routes(runtime).routes)
    return app


def version() -> str:
    return metadata.version("parley")
