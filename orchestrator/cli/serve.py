"""`parley serve`: run the server."""

from orchestrator import server
from orchestrator.cli.options import DEFAULT_CONFIG, ConfigPath, Host, Port, configured, listening


def serve(config: ConfigPath = DEFAULT_CONFIG, host: Host = "", port: Port = None) -> None:
    """Run Parley: channels, bots, desk and API in one process.

    Ctrl-C or SIGTERM stops it when the running turns are finished, a second one at once. Nothing is lost either way.
    """
    with configured(config) as (settings, base):
        server.run(listening(settings, host, port), base)
