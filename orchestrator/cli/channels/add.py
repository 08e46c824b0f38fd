"""`parley channels add`: a channel's table at the end of parley.toml, or in the database, once it has proved right."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from orchestrator.cli.channels import stored
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured
from orchestrator.config import ChannelSettings, load
from orchestrator.errors import Misconfigured
from orchestrator.registry import plugin

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
LEADING = ("env:", "file:")
"""How a secret is named in a file; itself it never stands there."""


def add(
    kind: Annotated[str, typer.Argument(help="As 'parley channels list --kinds' names it.")],
    name: Annotated[str, typer.Option(help="Name of the channel.", show_default="its kind")] = "",
    given: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A key of it; as often as need be.")
    ] = None,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
    show: Annotated[bool, typer.Option("--show", help="Only show what would be added.")] = False,
    store: Annotated[
        bool, typer.Option("--store", help="Keep it in the database, encrypted; running servers take it up at once.")
    ] = False,
) -> None:
    """Add a channel to the configuration, or to the database. Keys that are needed and not given are asked for.

    Secrets are named by where they are kept: token=env:TELEGRAM_TOKEN, or token=file:/run/secrets/telegram. With
    --store what is there is read once and kept.
    """
    module = plugin("connectors", kind)
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)
        name = name or kind
        if not NAME.fullmatch(name):
            raise Misconfigured(f"--name: {name!r} is no name: lower-case letters, digits, - and _")
        if any(name in app.channels for app in settings.apps.values()):
            raise Misconfigured(f"there is a channel {name!r} already; choose another --name")
    keys = asked(module.Settings, pairs(given or [], module.Settings))
    text = written(app_id, name, kind, keys)
    if not show and store:
        stored.keep(settings, base, app_id, name, {"kind": kind, **keys})
    elif not show:
        append(config, text)
    typer.echo(f"channel {name!r} of app {app_id!r} is stored." if store and not show else text.strip())
    typer.echo(f"\nNext: 'parley channels setup {name}' connects the account, or says how.", err=True)


def pairs(given: Sequence[str], settings: type[BaseModel]) -> dict[str, Any]:
    """Raises Misconfigured: for what is no pair, a key nobody knows, and a secret given as it is."""
    known = {**ChannelSettings.model_fields, **settings.model_fields}
    found = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals:
            raise Misconfigured(f"--set: {key!r} has no value; write KEY=VALUE")
        if key not in known:
            raise Misconfigured(f"--set: there is no key {key!r}; known: {', '.join(sorted(known))}")
        if secret(known[key]) and not value.startswith(LEADING):
            raise Misconfigured(f"--set: {key} is a secret; name where it is kept: {key}=env:SOME_VARIABLE")
        found[key] = read(value)
    return found


def asked(settings: type[BaseModel], given: dict[str, Any]) -> dict[str, Any]:
    """What is needed and not there yet, from the keyboard."""
    for key, field in settings.model_fields.items():
        if field.is_required() and key not in given:
            where = " (where it is kept: env:NAME or file:PATH)" if secret(field) else ""
            about = f"{field.description.rstrip('.')}{where}" if field.description else f"{key}{where}"
            value = typer.prompt(f"{key}: {about}")
            given |= pairs([f"{key}={value}"], settings)
    return given


def secret(field: FieldInfo) -> bool:
    return SecretStr.__name__ in repr(field.annotation)


def read(value: str) -> Any:
    """A value as TOML has it where it is one, else a string."""
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value


def written(app_id: str, name: str, kind: str, keys: Mapping[str, Any]) -> str:
    lines = [f"\n[apps.{app_id}.channels.{name}]", f"kind = {quoted(kind)}"]
    return "\n".join([*lines, *(f"{key} = {quoted(value)}" for key, value in keys.items())]) + "\n"


def quoted(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case list():
            return f"[{', '.join(map(quoted, value))}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def append(path: Path, text: str) -> None:
    """All of it or nothing: what can't be loaded afterwards is taken back. Raises Misconfigured."""
    before = path.read_text(encoding="utf-8")
    try:
        path.write_text(before.rstrip("\n") + "\n" + text, encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"{str(path)!r} can't be written: {error.strerror}; add this by hand:\n{text}") from None
    try:
        load(path)
    except Misconfigured:
        path.write_text(before, encoding="utf-8")
        raise
