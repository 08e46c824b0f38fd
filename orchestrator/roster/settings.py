"""What a registered bot or a stored channel is configured with: checked, shown without its secrets, sealed."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import orjson
from pydantic import ValidationError

from orchestrator.config import BotSettings, ChannelSettings
from orchestrator.config.explain import problems
from orchestrator.config.section import Host
from orchestrator.errors import Malformed, Misconfigured
from orchestrator.ports import Vault
from orchestrator.registry import own, plugin, validated

HIDDEN = "**********"
SECRET_NAME = re.compile(r"secret|token|password|passwd|api_?key|authorization|credential|private", re.IGNORECASE)
LARGEST = 65_536
GROUPS: Mapping[type[Host], str] = {BotSettings: "bots", ChannelSettings: "connectors"}
"""Where the plugins are whose tables these are."""

H = TypeVar("H", bound=Host)


def read(raw: Mapping[str, Any]) -> BotSettings:
    """Raises Misconfigured, naming the key and never its value."""
    return checked(BotSettings, raw)


def checked(host: type[H], raw: Mapping[str, Any]) -> H:
    """The table of a bot or a channel, and the plugin's own keys in it. Raises Misconfigured, as `read`."""
    try:
        settings = host.model_validate(dict(raw))
    except ValidationError as error:
        raise Misconfigured(problems(error, host, raw)) from None
    validated(plugin(GROUPS[host], str(getattr(settings, "kind", ""))), own(settings), host.model_fields)
    return settings


def from_outside(raw: Mapping[str, Any]) -> dict[str, Any]:
    """As whoever asks over HTTP may have it: an address is never trusted, and nothing runs or reads files here.

    Raises Forbidden-like Malformed for kinds that only this machine's owner may register.
    """
    kind = raw.get("kind")
    fields = plugin("bots", kind).Settings.model_fields if isinstance(kind, str) else {}
    if "trusted" not in fields:
        raise Malformed(f"bots of kind {kind!r} are registered by parley.toml or 'parley bots add', not from outside")
    return {**raw, "trusted": False}


def shown(settings: BotSettings | ChannelSettings) -> dict[str, Any]:
    """Everything but what is secret."""
    host = type(settings)
    module = plugin(GROUPS[host], settings.kind)
    mine = validated(module, own(settings), host.model_fields).model_dump(mode="json", exclude_defaults=True)
    known = settings.model_dump(mode="json", include=settings.model_fields_set & host.model_fields.keys())
    masked: dict[str, Any] = masked_value({**known, **mine})
    return masked


def masked_value(value: Any, name: str = "") -> Any:
    if name and SECRET_NAME.search(name) and value and not isinstance(value, int | float):
        return HIDDEN
    match value:
        case Mapping():
            return {key: masked_value(item, str(key)) for key, item in value.items()}
        case list() | tuple():
            return [masked_value(item) for item in value]
        case str() if value.startswith(("http://", "https://")):
            return bare(value)
    return value


def bare(url: str) -> str:
    """Without the user and password, and what is asked for: each may be a key."""
    address, asks, _ = url.partition("?")
    try:
        parts = urlsplit(address)
    except ValueError:
        return HIDDEN
    address = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return f"{address}?…" if asks else address


def place(app_id: str, name: str, version: int) -> str:
    return f"bot {name!r} of app {app_id!r}, version {version}"


def seal(vault: Vault, raw: Mapping[str, Any], where: str) -> str:
    """Raises Malformed for what is no JSON, or far too much."""
    try:
        text = orjson.dumps(dict(raw)).decode()
    except TypeError as error:
        raise Malformed(f"the settings are no JSON: {error}") from None
    if len(text) > LARGEST:
        raise Malformed(f"the settings have {len(text)} characters; {LARGEST} are the most")
    return vault.seal(text, where)


def unseal(vault: Vault, sealed: str, where: str) -> dict[str, Any]:
    """Raises Misconfigured."""
    found: dict[str, Any] = orjson.loads(vault.open(sealed, where))
    return found
