"""The registry from the command line: straight from the database; a running server heeds every change in seconds."""

import asyncio
import getpass
import os
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from orchestrator.adapters.stores import store_alone
from orchestrator.app import registrar_of
from orchestrator.cli.options import chosen_app, configured
from orchestrator.config import secret
from orchestrator.errors import Misconfigured
from orchestrator.roster import Registrar

T = TypeVar("T")


def with_registrar(config: Path, app_name: str, work: Callable[[Registrar, str, Path], Awaitable[T]]) -> T:
    """`work` is given the registrar, the app and the folder relative paths start from."""
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)

        async def worked() -> T:
            async with store_alone(settings.store, base) as (store, clock):
                return await work(registrar_of(settings, base, store, clock), app_id, base)

        return asyncio.run(worked())


def author() -> str:
    """Whoever is signed in on this machine."""
    with suppress(KeyError, OSError):
        return getpass.getuser()
    return "the command line"


def settings_from(file: Path | None, pairs: list[str], named: Mapping[str, str], base: Path) -> dict[str, Any]:
    """A bot's table: from a TOML file, then `key=value` pairs, then options. References to secrets are resolved.

    Raises Misconfigured.
    """
    raw: dict[str, Any] = from_file(file) if file is not None else {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise Misconfigured(f"--set {key!r}: KEY=VALUE is wanted, such as retries=2")
        put(raw, key.strip(), parsed(value))
    raw |= {key: value for key, value in named.items() if value}
    return secret.resolve(raw, base, os.environ)


def from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Misconfigured(f"{str(path)!r}: {why}") from None
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{str(path)!r}: not valid TOML: {error}") from None


def put(raw: dict[str, Any], key: str, value: Any) -> None:
    """`headers.Authorization` is a key in a table."""
    *tables, last = key.split(".")
    for table in tables:
        raw = raw.setdefault(table, {})
        if not isinstance(raw, dict):
            raise Misconfigured(f"--set {key!r}: {table!r} is a value, not a table")
    raw[last] = value


def parsed(text: str) -> Any:
    """As TOML reads it: numbers, true, lists; what is none of these is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
