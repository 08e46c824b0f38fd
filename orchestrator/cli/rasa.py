"""`parley rasa …`: what runs on Rasa's side."""

import os
import sys
from typing import Annotated

import typer

from orchestrator.errors import Misconfigured

app = typer.Typer(help="Parley's side in Rasa: an action server with ready actions.", no_args_is_help=True)
OURS = "bots.rasa.actions"


@app.callback()
def rasa() -> None:
    """Parley's side in Rasa: an action server with ready actions."""


@app.command("actions")
def actions(
    module: Annotated[
        list[str],
        typer.Option("--actions", help="A module of yours with more actions, such as 'actions'; may be several."),
    ] = [],  # noqa: B006 - typer's way of saying "several"
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5055,
    host: Annotated[str, typer.Option(help="Address to listen on; Rasa has to reach it.")] = "127.0.0.1",
    certificate: Annotated[str, typer.Option("--ssl-certificate", help="Certificate, for https.")] = "",
    key: Annotated[str, typer.Option("--ssl-keyfile", help="Its key.")] = "",
    reload: Annotated[bool, typer.Option("--auto-reload", help="Load actions again when their files change.")] = False,
) -> None:
    """Serve action_parley_handoff, _profile, _cart and _show, and your own, with rasa-sdk's server."""
    try:
        from rasa_sdk.endpoint import run
        from rasa_sdk.executor import ActionExecutor
    except ModuleNotFoundError:
        raise Misconfigured("rasa-sdk is not installed here; run: pip install 'parley[rasa]'") from None
    sys.path.insert(0, os.getcwd())  # where 'rasa run actions' looks too
    executor = ActionExecutor()
    for name in (OURS, *module):
        executor.register_package(name)
    os.environ["SANIC_HOST"] = host  # where the SDK's own server looks for it
    run(
        executor,
        port=port,
        cors_origins=None,
        ssl_certificate=certificate or None,
        ssl_keyfile=key or None,
        auto_reload=reload,
    )
