"""Running the web application with uvicorn: sockets, signals, and what a person reads at the start."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from orchestrator.adapters.logs import configure
from orchestrator.app import Runtime, build, web
from orchestrator.config import Settings
from orchestrator.errors import Misconfigured, Unavailable
from orchestrator.ports import Accounts, Clock

Prepare = Callable[[Accounts, Clock], Awaitable[None]]


class Server(uvicorn.Server):
    """Tells when it is ready to answer, and ends with code 0 when it was asked to stop."""

    ready: Callable[[], Awaitable[None]] | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again after the stop, so that a polite stop looks like a death.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.ready is not None:
            await self.ready()


def run(
    settings: Settings,
    base: Path,
    *,
    demo: bool = False,
    prepare: Prepare | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until a signal stops it. Raises Misconfigured, also for a port in use; Unavailable when it can't start."""
    configure(settings.log)
    listener = listen(settings.server.host, settings.server.port)
    host, port = listener.getsockname()[:2]
    url = settings.server.public_url or f"http://{host if ':' not in host else f'[{host}]'}:{port}"
    runtime = build(settings, base, public_url=url)
    server = make(runtime, demo=demo)

    async def when_ready() -> None:
        if prepare is not None:
            await prepare(runtime.store, runtime.clock)
        if ready is not None:
            ready(url)

    server.ready = when_ready
    with listener, asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(server.serve(sockets=[listener]))
    if not server.started:
        raise Unavailable("Parley could not start; the reason is in the log above")


def new_loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


def make(runtime: Runtime, *, demo: bool) -> Server:
    return Server(
        uvicorn.Config(
            web(runtime, demo=demo),
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(runtime.settings.server.trusted_proxies),
            forwarded_allow_ips=list(runtime.settings.server.trusted_proxies),
            timeout_graceful_shutdown=max(1, round(runtime.settings.server.stop_seconds)),
            ws_max_size=1_048_576,
            lifespan="on",
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, before anything else is started. Raises Misconfigured when it can't be had."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(2048)
    except OSError as error:
        raise Misconfigured(
            f"can't listen on {host}:{port}: {error.strerror}; is another Parley running? Choose one with --port"
        ) from None
    listener.setblocking(False)
    return listener
