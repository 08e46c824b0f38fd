"""The configuration reference, written from the settings models: `make docs` keeps docs/configuration.md true."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from orchestrator import config, registry
from orchestrator.matrix import matrix

HEAD = """# Configuration

Written from the settings models by `make docs`; do not edit.

Parley reads one file, `parley.toml` (`--config`, or `PARLEY_CONFIG`), once, at the start. An unknown key, a wrong type
or a name that leads nowhere stops the start, with the line and the key. `parley check` tells without starting anything.

* **Environment**: `PARLEY_SERVER__PORT=9000` overrides `[server] port`; two underscores go one table deeper.
* **Secrets**: write `"env:NAME"` or `"file:/run/secrets/name"` instead of the secret itself.
* **Paths** that are relative start at the folder of the file.
"""

SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("[server]", config.ServerSettings),
    ("[store]", config.StoreSettings),
    ("[retention]", config.RetentionSettings),
    ("[bus]", config.BusSettings),
    ("[log]", config.LogSettings),
    ("[engine]", config.EngineSettings),
    ("[apps.NAME]", config.AppSettings),
    ("[apps.NAME.channels.CHANNEL]", config.ChannelSettings),
    ("[apps.NAME.bots.BOT]", config.BotSettings),
    ("[apps.NAME.teams.TEAM]", config.TeamSettings),
    ("[apps.NAME.policy]", config.PolicySettings),
    ("[[apps.NAME.policy.rules]]", config.Rule),
    ("[apps.NAME.policy.hours]", config.Hours),
    ("[apps.NAME.nlp]", config.NlpSettings),
    ("[[apps.NAME.nlp.translators]]", config.TranslatorSettings),
)
PLUGINS = (
    ("connectors", "Channels", "[apps.NAME.channels.CHANNEL] with kind = {name!r}"),
    ("bots", "Bots", "[apps.NAME.bots.BOT] with kind = {name!r}"),
    ("nlp", "Language engines", "[apps.NAME.nlp.stages.{name}], or a translator with engine = {name!r}"),
)


def reference() -> str:
    """The whole page, as Markdown."""
    parts = [HEAD]
    parts += [section(f"`{name}`", model) for name, model in SECTIONS]
    for group, title, where in PLUGINS:
        parts.append(f"# {title}\n")
        for name in sorted(registry.found(group)):
            model = registry.plugin(group, name).Settings
            parts.append(section(f"`{name}`", model, f"In `{where.format(name=name)}`:"))
    return "\n".join(parts)


def section(title: str, model: type[BaseModel], about: str = "") -> str:
    doc = about or (model.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
    if doc.startswith(("Usage docs", "!!! abstract")):
        doc = ""
    lines = [f"## {title}\n", *([f"{doc}\n"] if doc else [])]
    rows = list(table(model))
    if not rows:
        return "\n".join([*lines, "No settings.\n"])
    return "\n".join([*lines, "| key | type | default | meaning |", "| --- | --- | --- | --- |", *rows, ""])


def table(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        meaning = (field.description or "").replace("|", "\\|").replace("\n", " ")
        yield f"| `{name}` | {kind(field.annotation)} | {default(field)} | {meaning} |"


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined or value is None or isinstance(value, BaseModel):
        return ""
    if hasattr(value, "get_secret_value"):
        return ""
    if isinstance(value, tuple | frozenset | set | list):
        return "`[" + ", ".join(shown(item) for item in sorted(value, key=str)) + "]`" if value else "`[]`"
    if isinstance(value, dict):
        return ""
    return f"`{shown(value)}`" if isinstance(value, bool | int | float | str) and len(str(value)) < 40 else ""


def shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def kind(annotation: Any) -> str:
    """The type as a person would say it."""
    if get_origin(annotation) is Literal:
        return " or ".join(f'`"{choice}"`' for choice in get_args(annotation))
    names = {str: "text", int: "integer", float: "number", bool: "true or false"}
    if annotation in names:
        return names[annotation]
    origin = get_origin(annotation)
    name = getattr(annotation, "__name__", "") or str(annotation)
    if origin in (tuple, list, frozenset, set):
        return "list"
    if origin is not None and getattr(origin, "__name__", "") in ("Mapping", "dict"):
        return "table"
    if name in ("Path", "SecretStr"):
        return {"Path": "path", "SecretStr": "secret"}[name]
    args = [kind(argument) for argument in get_args(annotation) if argument is not type(None)]
    return " or ".join(dict.fromkeys(args)) if args else "table"


def write() -> None:
    """Rewrite docs/configuration.md and docs/channels.md beside this package."""
    from pathlib import Path

    docs = Path(__file__).resolve().parents[1] / "docs"
    (docs / "configuration.md").write_text(reference(), encoding="utf-8")
    (docs / "channels.md").write_text(matrix(), encoding="utf-8")
