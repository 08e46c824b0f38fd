"""Rows in columns, for people and for `awk`."""

from collections.abc import Sequence

import typer


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> None:
    """On standard output; `nothing` goes to standard error when there are no rows."""
    if not rows:
        typer.echo(nothing, err=True)
        return
    widths = [max(len(row[number]) for row in (heads, *rows)) for number in range(len(heads))]
    for row in (heads, *rows):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
