"""The web side of a process: pages, API, hooks and sockets, over what `orchestrator.app` put together."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from orchestrator.app import Runtime
from orchestrator.config import AppSettings
from orchestrator.engine import App, Channel
from orchestrator.engine.per_channel import PerChannel
from orchestrator.http import api, callback, forms, hooks, media, ops, simulate, webchat
from orchestrator.http import demo as shop
from orchestrator.http.api import docs
from orchestrator.http.desk import desk_routes
from orchestrator.http.problems import MAX_BODY, install
from orchestrator.http.replies import Replies
from orchestrator.http.sections import joined
from orchestrator.http.webchat.channels import Services, web_channels
from orchestrator.ports import Answering, Batching
from orchestrator.resources import folder
from orchestrator.simulate import Simulation

WEB = folder("web")


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
