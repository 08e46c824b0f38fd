"""`parley`: every command, each with its --help. Deliberate errors end in one line and exit code 1, no traceback."""

import gc
import sys
from importlib import import_module, metadata
from inspect import cleandoc
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from orchestrator.errors import ParleyError

COMMANDS = {
    "serve": "Run Parley: channels, bots, desk and API, in one process or in several.",
    "demo": "Serve the demo shop: a checkout page with the chat in its corner, and the desk at /desk.",
    "dev": "Serve, and start again when the configuration, a bot's file or a Python bot is saved.",
    "channels": "See channels, add them, connect their accounts, and find what is wrong.",
    "chat": "Talk to the bot as a customer would, in any of the app's languages.",
    "simulate": "Play the platforms of channels on this machine, and chat with your bot through them.",
    "check": "Read the configuration and all it names (rules, bots' files, translations), and say what would run.",
    "bots": "Check bots, register them, and change them while the server runs; see docs/registry.md.",
    "replay": "Answer stored conversations anew, and report what would come out differently.",
    "doctor": "Look at the machine, the configuration, database, Redis and the way in; say how to mend what is wrong.",
    "desk": "Who works at the desk. A running server heeds every change at once.",
    "keys": "Keys for the public API (/v1). A running server heeds every change at once.",
    "translate": "Reviewed translations of what the bots say: what is missing, out to translators, and back in.",
    "queue": "What waits, and what could not be delivered.",
    "preview": "Show one message on every channel, with what it loses on the way. "
    "Needs no account and no configuration.",
    "nlp": "Measure, train and try what understands customers.",
    "models": "The embedding model that intents, sentiment and wishes are read from. "
    "Without it plainer engines stand in.",
    "rasa": "Parley's side in Rasa: an action server with ready actions.",
}
"""What each command is for, as it says itself: the list of them is shown without importing any."""

MODULES = {"desk": "agents"}
"""In orchestrator/cli, where it is not the command's name. It holds a function of that name or an `app` of several."""


class Lazily(TyperGroup):
    """Imports a command when it is asked for: none waits for what only others need, which is up to a second."""

    listing = False

    def list_commands(self, _: object) -> list[str]:
        return list(COMMANDS)

    def format_help(self, *given: Any) -> None:
        self.listing = True
        super().format_help(*given)
        self.listing = False

    def shell_complete(self, *given: Any) -> Any:
        self.listing = True
        found = super().shell_complete(*given)
        self.listing = False
        return found

    def get_command(self, _: object, name: str) -> Any:
        if self.listing:
            return TyperCommand(name, help=COMMANDS[name])
        for each in (name,) if name in COMMANDS else COMMANDS:
            if each not in self.commands:
                self.commands[each] = imported(each)
        return self.commands.get(name)


def imported(name: str) -> Any:
    module = brought(f"orchestrator.cli.{MODULES.get(name, name)}")
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


def brought(name: str) -> ModuleType:
    """Imported with the collector at rest: what modules make stays, and looking at it again takes 0.2 s of a start."""
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.enable()


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
