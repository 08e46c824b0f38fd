"""`parley`: every command, each with its --help. Deliberate errors end in one line and exit code 1, no traceback."""

import sys
from importlib import import_module, metadata
from inspect import cleandoc
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from orchestrator.errors import ParleyError

COMMANDS = {
    "serve": "serve",
    "demo": "demo",
    "dev": "dev",
    "channels": "channels",
    "chat": "chat",
    "simulate": "simulate",
    "check": "check",
    "bots": "bots",
    "replay": "replay",
    "doctor": "doctor",
    "desk": "agents",
    "keys": "keys",
    "translate": "translate",
    "queue": "queue",
    "preview": "preview",
    "nlp": "nlp",
    "models": "models",
    "rasa": "rasa",
}
"""The module in orchestrator/cli of each command, which holds a function of that name or an `app` of several."""


class Lazily(TyperGroup):
    """Imports a command when it is asked for: none waits for what only others need, which is up to a second."""

    def list_commands(self, _: object) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: object, name: str) -> Any:
        for each in (name,) if name in COMMANDS else COMMANDS:
            if each not in self.commands:
                self.commands[each] = imported(each)
        return self.commands.get(name)


def imported(name: str) -> Any:
    module = import_module(f"orchestrator.cli.{COMMANDS[name]}")
    several = getattr(module, "app", None)
    if several is not None:
        command: Any = get_group(several)
    else:
        alone = typer.Typer(add_completion=False, context_settings=HELP)
        alone.command(name)(getattr(module, name))
        command = get_command(alone)
    command.name = name
    flow(command)
    return command


def flow(command: Any) -> None:
    """A docstring's lines are as long as code may be, a terminal's as it is wide: paragraphs are filled anew."""
    if command.help:
        command.help = "\n\n".join(" ".join(part.split()) for part in cleandoc(command.help).split("\n\n"))
    for each in getattr(command, "commands", {}).values():
        flow(each)


HELP = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    name="parley",
    cls=Lazily,
    help="One bot on every channel, in every customer's language, with a person one turn away.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)


def show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"parley {metadata.version('parley')}")
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
