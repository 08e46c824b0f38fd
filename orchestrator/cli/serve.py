"""`parley serve`: run the server."""

from typing import Annotated

import typer

from orchestrator import server
from orchestrator.cli.options import DEFAULT_CONFIG, ConfigPath, Host, Port, configured, listening
from orchestrator.config import ProcessRole

Part = Annotated[
    ProcessRole,
    typer.Option(
        help="web: channels, API, desk and web chat, but no turns; worker: turns and deliveries, with a port for "
        "/healthz, /readyz and /metrics only; all: both. Any number of each share one PostgreSQL and one Redis."
    ),
]


def serve(role: Part = "all", config: ConfigPath = DEFAULT_CONFIG, host: Host = "", port: Port = None) -> None:
    """Run Parley: channels, bots, desk and API, in one process or in several.

    Ctrl-C or SIGTERM stops it when the running turns are finished, a second one at once. Nothing is lost either way.
    """
    with configured(config) as (settings, base):
        server.run(listening(settings, host, port, worker=role == "worker"), base, role=role)
