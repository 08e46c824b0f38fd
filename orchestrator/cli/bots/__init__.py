"""`parley bots …`: check bots, register them, change them while the server runs."""

import typer

from orchestrator.cli.bots.check import check

app = typer.Typer(
    help="Check bots, register them, and change them while the server runs; see docs/registry.md.",
    no_args_is_help=True,
)
app.command("check")(check)

__all__ = ["app"]
