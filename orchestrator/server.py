"""Running the web application with uvicorn: sockets, signals, and stopping in time."""

import asyncio
import errno
import gc
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from pathlib import Path

import structlog
import uvicorn

from orchestrator import codec
from orchestrator.adapters.alone import alone
from orchestrator.adapters.logs import configure
from orchestrator.adapters.sqlite import path_of
from orchestrator.app import Runtime, build
from orchestrator.config import ProcessRole, ServerSettings, Settings
from orchestrator.errors import Unavailable
from orchestrator.http.sockets import Socket
from orchestrator.ports import Accounts, Clock, Http
from orchestrator.roles import check_role, together
from orchestrator.simulate import Simulation
from orchestrator.site import ops_only, version, web

CLOSING = 2.0
"""Seconds for connections to close once the running turns are done."""
PATIENCE = 3.0
"""Seconds on top of all that, for a bot that will not be cancelled."""

Prepare = Callable[[Accounts, Clock], Awaitable[None]]
Ready = Callable[[str], None]
Simulating = Callable[[Settings, str], tuple[Settings, Simulation]]

log = structlog.get_logger("parley")


def run(
    settings: Settings,
    base: Path,
    *,
    role: ProcessRole = "all",
    demo: bool = False,
    prepare: Prepare | None = None,
    ready: Ready | None = None,
    simulating: Simulating | None = None,
) -> None:
    """Serve until a signal stops it. `prepare` runs before the first request, `ready` hears where it is served.

    `simulating` is told the address, and gives the settings with channels to platforms that are played there.

    Raises Misconfigured, and Unavailable: for a port in use, or a database that can't be opened or is served already.
    """
    gc.freeze()  # what the modules made stays: looking through it again and again takes 0.1 s of the start
    configure(settings.log)
    check_role(settings, role)
    worker = role == "worker"
    with listen(settings.server, worker) as listener, unshared(settings, base):
        url = url_of(listener)
        simulation = None
        if simulating is not None:
            settings, simulation = simulating(settings, url)
        # A worker's own address is nothing the outside could open.
        public_url = "" if worker else url
        runtime = build(settings, base, public_url=public_url, role=role, simulating=simulation is not None)
        url = url if worker else settings.server.public_url or url
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(serve(runtime, listener, url, demo, prepare, ready, simulation))


def unshared(settings: Settings, base: Path) -> AbstractContextManager[None]:
    """Of an embedded database this is the only process."""
    return nullcontext() if together(settings) else alone(path_of(settings.store.url, base))


async def serve(
    runtime: Runtime,
    listener: socket.socket,
    url: str,
    demo: bool,
    prepare: Prepare | None,
    ready: Ready | None,
    simulation: Simulation | None,
) -> None:
    def announce() -> None:
        log.info("serving", url=url, role=runtime.role, version=version())
        if ready is not None:
            ready(url)

    server = Server(runtime, announce, configured(runtime, demo=demo, simulation=simulation))
    with server.heeding():
        async with runtime.open():
            if prepare is not None:
                await prepare(runtime.store, runtime.clock)
            codec.warm()
            settle_memory()
            async with played(simulation, runtime.http):
                await server.serve(sockets=[listener])
    log.info("stopped")


@asynccontextmanager
async def played(simulation: Simulation | None, http: Http) -> AsyncIterator[None]:
    """Platforms deliver while the server runs."""
    if simulation is not None:
        simulation.open(http)
    yield
    if simulation is not None:
        await simulation.close()


def settle_memory() -> None:
    """What the start made stays: the collector need not look at it again, which saves about 5 % of a turn."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class Server(uvicorn.Server):
    """Finishes running turns when it is asked to stop, and ends with code 0. Asked again it waits for nothing."""

    def __init__(self, runtime: Runtime, announce: Callable[[], None], config: uvicorn.Config) -> None:
        super().__init__(config)
        self.runtime = runtime
        self.announce = announce
        self.hurry = asyncio.Event()

    @contextmanager
    def heeding(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT, from the first moment on."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.asked, task)
        try:
            yield
        except asyncio.CancelledError:
            log.info("asked to stop while starting")
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def asked(self, task: "asyncio.Task[object] | None") -> None:
        if self.should_exit:
            self.hurry.set()
            self.force_exit = True
        elif not self.started and task is not None:
            task.cancel()
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again after the stop, so that a polite stop looks like a death.
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """New connections are refused at once; those there are hear what the running turns still have to say."""
        seconds = self.runtime.settings.server.stop_seconds
        log.info("stopping", seconds=seconds)
        let_go(seconds + CLOSING + PATIENCE)
        for server in self.servers:
            server.close()
        await self.finish(seconds)
        await super().shutdown(sockets)

    async def finish(self, seconds: float) -> None:
        """Let running turns and sends finish, unless somebody is in a hurry."""
        done = asyncio.create_task(self.runtime.engine.stop(seconds))
        hurry = asyncio.create_task(self.hurry.wait())
        await asyncio.wait((done, hurry), return_when=asyncio.FIRST_COMPLETED)
        done.cancel()
        hurry.cancel()
        await asyncio.wait((done, hurry), timeout=CLOSING)


def configured(runtime: Runtime, *, demo: bool, simulation: Simulation | None) -> uvicorn.Config:
    settings = runtime.settings.server
    return uvicorn.Config(
        ops_only(runtime) if runtime.role == "worker" else web(runtime, demo=demo, simulation=simulation),
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=round(CLOSING),
        # Compression would keep two zlib windows for every open page, for frames of a few hundred bytes.
        ws=Socket,
        ws_per_message_deflate=False,
        ws_max_size=1_048_576,
        lifespan="off",
    )


def let_go(seconds: float) -> None:
    """End the process after so long, whatever hangs: everything that was accepted is in the database."""

    def end() -> None:
        log.error("something does not let go; ending without it, the next start goes on from the database")
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def new_loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


def listen(settings: ServerSettings, worker: bool = False) -> socket.socket:
    """A listening socket, before anything else is started. Raises Unavailable when it can't be had."""
    host, port = settings.host, settings.ops_port if worker else settings.port
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(2048)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "it is taken, perhaps by another Parley" if taken else error.strerror
        raise Unavailable(f"can't listen on {host}:{port}: {why}; choose another with --port") from None
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket) -> str:
    """How this machine itself reaches it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
