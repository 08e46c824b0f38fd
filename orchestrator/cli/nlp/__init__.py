"""`parley nlp`: measure what understands customers, on files of your own or the data the goals are stated for."""

import typer

from orchestrator.cli.nlp import train
from orchestrator.cli.nlp.evaluate import evaluate_command

app = typer.Typer(help="Measure, train and try what understands customers.", no_args_is_help=True)
app.command("eval")(evaluate_command())
app.command("train")(train.train)
app.command("try")(train.attempt)
app.command("versions")(train.versions)
app.command("rollback")(train.rollback)


@app.callback()
def nlp() -> None:
    """Measure, train and try what understands customers."""
