"""`parley channels …`: see them, add them, connect their accounts, look what is wrong with one."""

import typer

from orchestrator.cli.channels.account import check, send_test, setup
from orchestrator.cli.channels.add import add
from orchestrator.cli.channels.overview import overview
from orchestrator.cli.channels.stored import disable, enable, remove

app = typer.Typer(help="See channels, add them, connect their accounts, and find what is wrong.", no_args_is_help=True)
app.command("list")(overview)
app.command("add")(add)
app.command("setup")(setup)
app.command("check")(check)
app.command("send-test")(send_test)
app.command("enable")(enable)
app.command("disable")(disable)
app.command("remove")(remove)

__all__ = ["app"]
