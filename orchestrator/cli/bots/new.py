"""`parley bots new`: a small working project, with a test that passes."""

import re
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.errors import Misconfigured

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
ENDING = ".txt"
"""Of every template, so that nothing takes them for code of Parley's own."""


class Template(StrEnum):
    python = "python"
    fastapi = "fastapi"
    rasa = "rasa"
    openai = "openai"


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The bot's name; also the folder's.")],
    template: Annotated[Template, typer.Option(help="What it is made with.")] = Template.python,
    folder: Annotated[Path | None, typer.Option(help="Where to write it.", show_default="./NAME")] = None,
) -> None:
    """Write a small working bot with its configuration and a test. Nothing that is there is overwritten."""
    if not NAME.fullmatch(name):
        raise Misconfigured(f"{name!r} is no name for a bot: lower-case letters, digits, - and _")
    target = folder or Path(name)
    files = dict(written(resources.files("orchestrator.cli.bots") / "templates" / template.value, name))
    if taken := sorted(path for path in files if (target / path).exists()):
        raise Misconfigured(f"{str(target / taken[0])!r} is there already; choose another --folder")
    try:
        for path, text in files.items():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"{str(target)!r} can't be written: {error.strerror}") from None
    for path in sorted(files):
        typer.echo(f"{target / path}")
    typer.echo(f"Now: cd {target} && pytest")


def written(folder: Traversable, name: str, above: str = "") -> list[tuple[str, str]]:
    """Every file of a template, by its path, with the names filled in."""
    values = {"name": name, "app": name, "module": module_of(name)}
    found: list[tuple[str, str]] = []
    for each in folder.iterdir():
        path = above + filled(each.name.removesuffix(ENDING), values)
        if each.is_dir():
            found += written(each, name, f"{path}/")
        elif each.name.endswith(ENDING):
            found.append((path, filled(each.read_text(encoding="utf-8"), values)))
    return found


def module_of(name: str) -> str:
    module = name.replace("-", "_")
    return f"bot_{module}" if module[0].isdigit() else module


def filled(text: str, values: dict[str, str]) -> str:
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", value)
    return text
