"""`parley`: every command, each with its --help. Deliberate errors end in one line and exit code 1, no traceback."""

import sys
from typing import Annotated

import typer

from orchestrator.app import version
from orchestrator.cli import agents, chat, check, demo, doctor, keys, models, nlp, queue, serve, translate
from orchestrator.errors import ParleyError

app = typer.Typer(
    name="parley",
    help="One bot on every channel, in every customer's language, with a person one turn away.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("chat")(chat.chat)
app.command("check")(check.check)
app.command("doctor")(doctor.doctor)
app.add_typer(agents.app, name="desk")
app.add_typer(keys.app, name="keys")
app.add_typer(translate.app, name="translate")
app.add_typer(queue.app, name="queue")
app.add_typer(nlp.app, name="nlp")
app.add_typer(models.app, name="models")


def show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"parley {version()}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """One bot on every channel, in every customer's language, with a person one turn away."""


def main() -> None:
    try:
        app()
    except ParleyError as error:
        typer.echo(f"parley: {error}", err=True)
        sys.exit(1)
