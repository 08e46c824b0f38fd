"""Options that several commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.config import Settings, load
from orchestrator.errors import Misconfigured

ConfigPath = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="PARLEY_CONFIG", help="Configuration file.", show_default="parley.toml"),
]
DEFAULT_CONFIG = Path("parley.toml")
AppName = Annotated[str, typer.Option("--app", help="Which app; may be left out when there is only one.")]


def configured(path: Path) -> tuple[Settings, Path]:
    """The settings and the folder their relative paths start from. Raises Misconfigured."""
    found = load(path)
    return found.settings, found.base


def chosen_app(settings: Settings, name: str) -> str:
    """Raises Misconfigured when there is no such app, or several and none was named."""
    known = ", ".join(sorted(settings.apps)) or "none"
    if name and name not in settings.apps:
        raise Misconfigured(f"there is no app {name!r}; known: {known}")
    if not name and len(settings.apps) != 1:
        raise Misconfigured(f"say which app with --app; known: {known}")
    return name or next(iter(settings.apps))


def password_from(stdin: bool) -> str:
    """A new password: asked for twice, or one line of standard input, or PARLEY_PASSWORD. Never an argument."""
    if stdin:
        return typer.get_text_stream("stdin").readline().rstrip("\r\n")
    if given := os.environ.get("PARLEY_PASSWORD"):
        return given
    return str(typer.prompt("Password (10 characters or more)", hide_input=True, confirmation_prompt=True))
