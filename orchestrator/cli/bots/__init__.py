"""`parley bots …`: check bots, register them, change them while the server runs."""

from collections.abc import Callable

import typer

from orchestrator.cli.bots.change import add, disable, enable, remove, rollback, serve
from orchestrator.cli.bots.check import check
from orchestrator.cli.bots.look import list_bots, show, versions
from orchestrator.cli.bots.new import new
from orchestrator.cli.bots.trial import canary, promote, shadow, stop
from orchestrator.cli.bots.tryout import try_out

app = typer.Typer(
    help="Check bots, register them, and change them while the server runs; see docs/registry.md.",
    no_args_is_help=True,
)
COMMANDS: dict[str, Callable[..., None]] = {
    "new": new,
    "try": try_out,
    "check": check,
    "add": add,
    "list": list_bots,
    "show": show,
    "versions": versions,
    "enable": enable,
    "disable": disable,
    "rollback": rollback,
    "serve": serve,
    "remove": remove,
    "shadow": shadow,
    "canary": canary,
    "promote": promote,
    "stop": stop,
}
for name, command in COMMANDS.items():
    app.command(name)(command)

__all__ = ["app"]
