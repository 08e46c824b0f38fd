"""Configuration: `parley.toml` plus `PARLEY_*` variables, read once into frozen settings.

`PARLEY_SERVER__PORT=9000` overrides `[server] port`. Secrets belong in the environment: `secret = "env:NAME"` and
`secret = "file:/run/secrets/x"` are read when the configuration is.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from orchestrator.errors import Misconfigured

Name = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")


class Section(BaseModel):
    """Frozen; an unknown key is an error, so that a typing mistake never passes for a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Section):
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    public_url: str = Field(
        "", description="How the outside reaches this server, without a trailing slash. Default: http://host:port."
    )
    secret: str = Field(
        "",
        description="Signs visitor tokens and callback URLs; 32 characters at least. Empty: made at the first start.",
    )
    trusted_proxies: tuple[str, ...] = Field((), description="Addresses whose X-Forwarded-For is believed.")
    metrics_token: str = Field("", description="When set, /metrics wants it as 'Authorization: Bearer …'.")
    stop_seconds: float = Field(20.0, gt=0, description="How long a graceful stop waits for running turns.")


class StoreSettings(Section):
    url: str = Field(
        "sqlite:///var/parley.db", description="Where everything is kept. sqlite:///relative or sqlite:////absolute."
    )
    media: Path = Field(Path("var/media"), description="Folder for uploaded pictures and files.")


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console", "auto"] = Field(
        "auto", description="auto: console on a terminal, JSON elsewhere."
    )
    message_text: bool = Field(False, description="Whether customers' words may appear in the log.")


class EngineSettings(Section):
    history: int = Field(20, ge=0, le=200, description="Earlier messages a turn loads and a bot sees.")
    concurrency: int = Field(512, ge=1, description="Turns that may run at once in this process.")
    sweep_seconds: float = Field(5.0, gt=0, description="How often to look for work whose wake-up was lost.")
    send_retries: int = Field(8, ge=0, description="Tries before an undeliverable message becomes a dead letter.")


def names(value: object) -> object:
    """One name, several, or "none"."""
    if isinstance(value, str):
        return () if value == "none" else (value,)
    return value


Engines = Annotated[tuple[str, ...], BeforeValidator(names)]


class TranslatorSettings(BaseModel):
    """One engine of the chain; every key but `engine` and `timeout` is the engine's own."""

    model_config = ConfigDict(frozen=True, extra="allow")
    engine: str = Field(description="Entry point in parley.nlp: apertium, deep-translator …")
    timeout: float = Field(2.0, gt=0, description="Seconds for one call.")


class NlpSettings(Section):
    enabled: bool = True
    deadline: float = Field(2.0, gt=0, description="Seconds for understanding one turn.")
    language: Engines = Field(("langid",), description="Engines for language detection.")
    sentiment: Engines = Field(("lexicon", "vader"), description="Engines for sentiment; each refines the one before.")
    intent: Engines = Field((), description="Engines for intents.")
    wish: Engines = Field(("phrases",), description="Engines that spot the wish for a person.")
    memory: tuple[Path, ...] = Field((), description="TOML files of reviewed translations, asked before any engine.")
    translators: tuple[TranslatorSettings, ...] | Literal["auto", "none"] = Field(
        "auto", description="Engines in order; 'auto' takes what works on this machine."
    )
    stages: Mapping[str, Mapping[str, Any]] = Field(
        default_factory=dict, description="Settings of the engines, by engine name."
    )


class ChannelSettings(BaseModel):
    """One account of a platform; every key but those named here is the connector's own."""

    model_config = ConfigDict(frozen=True, extra="allow")
    kind: str = Field(description="Entry point in parley.connectors: webchat, webhook …")
    bot: str = Field("", description="Bot that answers here; default: the app's.")
    rate: int = Field(30, ge=1, description="Messages one customer may send per minute.")
    max_bytes: int = Field(65536, ge=1024, description="Largest request body.")


class BotSettings(BaseModel):
    """One bot; every key but those named here is the backend's own."""

    model_config = ConfigDict(frozen=True, extra="allow")
    kind: str = Field(description="Entry point in parley.bots: guide, python, webhook …")
    deadline: float = Field(10.0, gt=0, description="Seconds a bot may take for a turn.")
    fallback: str = Field("", description="Bot that answers when this one fails.")
    breaker_failures: int = Field(5, ge=1, description="Failures in a row that open the circuit.")
    breaker_seconds: float = Field(30.0, gt=0, description="How long an open circuit stays open.")


class Rule(Section):
    name: str = Field(min_length=1, max_length=80)
    when: str = Field(description="CEL over the facts of the turn; see docs/policy.md.")
    then: Literal["handoff", "bot"] = "handoff"
    team: str = ""
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    bot: str = Field("", description="With then = 'bot': which one.")
    reason: str = Field("", description="What the agent reads as the reason.")
    enabled: bool = True


class Hours(Section):
    """`monday = ["09:00-12:00", "13:00-18:00"]`. A day left out is closed; no table at all is always open."""

    timezone: str = "UTC"
    monday: tuple[str, ...] = ()
    tuesday: tuple[str, ...] = ()
    wednesday: tuple[str, ...] = ()
    thursday: tuple[str, ...] = ()
    friday: tuple[str, ...] = ()
    saturday: tuple[str, ...] = ()
    sunday: tuple[str, ...] = ()
    closed: tuple[str, ...] = Field((), description="Dates (2026-12-25) that are closed all day.")


class PolicySettings(Section):
    version: str = Field("1", description="Shown with every decision.")
    defaults: bool = Field(True, description="Whether the built-in rules follow yours.")
    rules: tuple[Rule, ...] = ()
    team: str = Field("support", description="Team when a rule names none.")
    while_waiting: Literal["hold", "bot"] = Field(
        "hold", description="Whether the bot goes on answering while the customer waits for a person."
    )
    offer_minutes: float = Field(
        0.0, ge=0, description="Minutes until an offer nobody took expires and the bot goes on; 0: never."
    )
    hours: Hours | None = None


class TeamSettings(Section):
    label: str = ""
    languages: tuple[str, ...] = ()


class AppSettings(Section):
    """One tenant."""

    name: str = Field("", description="Shown to agents and customers.")
    pivot: str = Field("en", description="Language agents and rules work in.")
    languages: tuple[str, ...] = Field(("en", "es", "it", "nl"), description="Languages customers may use.")
    bot: str = Field(description="The bot that answers unless a rule or channel says otherwise.")
    channels: Mapping[str, ChannelSettings] = Field(default_factory=dict)
    bots: Mapping[str, BotSettings] = Field(default_factory=dict)
    teams: Mapping[str, TeamSettings] = Field(default_factory=lambda: {"support": TeamSettings()})
    policy: PolicySettings = PolicySettings()
    nlp: NlpSettings = NlpSettings()
    texts: Mapping[str, Mapping[str, str]] = Field(
        default_factory=dict, description="What the customer is told, by notice and language; see docs/policy.md."
    )

    @model_validator(mode="after")
    def names_exist(self) -> Self:
        for what, bot in (
            ("bot", self.bot),
            *((f"channels.{n}.bot", c.bot) for n, c in self.channels.items()),
            *((f"bots.{n}.fallback", b.fallback) for n, b in self.bots.items()),
        ):
            if bot and bot not in self.bots:
                raise ValueError(f"{what}: there is no bot {bot!r}; known: {', '.join(sorted(self.bots)) or 'none'}")
        return self


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="PARLEY_", env_nested_delimiter="__", env_ignore_empty=True
    )
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    log: LogSettings = LogSettings()
    engine: EngineSettings = EngineSettings()
    apps: Mapping[str, AppSettings] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def load(path: Path) -> Settings:
    """Read the file and the environment. Raises Misconfigured, naming file, line and key."""
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Misconfigured(
            f"configuration {str(path)!r}: {error.strerror}; run 'parley demo' to see a working one"
        ) from error
    try:
        raw = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"configuration {str(path)!r} is not valid TOML: {error}") from error
    try:
        return Settings(**resolve_secrets(raw))
    except ValidationError as error:
        raise Misconfigured(explain(path, source, error)) from error


def resolve_secrets(value: Any) -> Any:
    """Replace "env:NAME" and "file:PATH" by what they name. Raises Misconfigured when that is missing."""
    match value:
        case dict():
            return {key: resolve_secrets(item) for key, item in value.items()}
        case list():
            return [resolve_secrets(item) for item in value]
        case str() if found := re.fullmatch(r"env:([A-Za-z_][A-Za-z0-9_]*)", value):
            if found[1] not in os.environ:
                raise Misconfigured(f"configuration: the environment variable {found[1]!r} is not set")
            return os.environ[found[1]]
        case str() if value.startswith("file:/"):
            try:
                return Path(value[5:]).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise Misconfigured(f"configuration: secret file {value[5:]!r}: {error.strerror}") from error
        case _:
            return value


def explain(path: Path, source: str, error: ValidationError) -> str:
    """Each problem with its key and, where the key stands in the file, its line; never the value."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        keys = [str(part) for part in problem["loc"]]
        line = line_of(source, keys)
        where = f"{path}:{line}" if line else str(path)
        lines.append(f"{where}: {'.'.join(keys)}: {problem['msg']}")
    return "configuration can't be used:\n  " + "\n  ".join(lines)


def line_of(source: str, keys: list[str]) -> int:
    """The 1-based line where the key (or the closest table above it) stands; 0 when it does not."""
    table: list[str] = []
    best, depth = 0, 0
    for number, line in enumerate(source.splitlines(), 1):
        text = line.strip()
        if found := re.match(r"\[\[?\s*([^\]]+?)\s*\]\]?", text):
            table = [part.strip().strip("\"'") for part in found[1].split(".")]
            path = table
        elif found := re.match(r"([\w.\-\"']+)\s*=", text):
            path = table + [part.strip("\"'") for part in found[1].split(".")]
        else:
            continue
        wanted = [key for key in keys if not key.isdigit()]
        if len(path) > depth and path == wanted[: len(path)]:
            best, depth = number, len(path)
    return best
