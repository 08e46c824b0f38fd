"""What a configuration holds: frozen models, from which docs/configuration.md is written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from orchestrator.config.keeping import MediaSettings, RetentionSettings, StoreSettings
from orchestrator.config.section import (
    DAY,
    HOUR,
    Host,
    LanguageCode,
    Name,
    PairPattern,
    Section,
    address_or_network,
    long_enough,
    names,
    url_of_server,
)


class ServerSettings(Section):
    """How the process is reached, and how it stops."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; '0.0.0.0' for every one.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    public_url: Annotated[str, AfterValidator(url_of_server)] = Field(
        "", description="How the outside reaches this server. Default: http://host:port."
    )
    secret: Annotated[str, AfterValidator(long_enough)] = Field(
        "",
        repr=False,
        description="Signs visitors' tokens and bots' callback addresses; 32 characters or more. "
        "Default: made at the first start and kept beside the database.",
    )
    trusted_proxies: tuple[Annotated[str, AfterValidator(address_or_network)], ...] = Field(
        (), description="Addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )
    metrics_token: str = Field("", repr=False, description="When set, /metrics wants it as 'Authorization: Bearer …'.")
    ops_port: int = Field(
        8001,
        ge=0,
        le=65535,
        description="Port of a worker, for /healthz, /readyz and /metrics only; 0 takes a free one.",
    )
    stop_seconds: float = Field(
        20.0, gt=0, le=HOUR, description="How long a graceful stop lets running turns and sends finish."
    )


class BusSettings(Section):
    """How processes hear of one another: through Redis, or not at all."""

    url: str = Field(
        "",
        repr=False,
        description="Redis 7 or newer, or Valkey: 'redis://host:6379/0', 'rediss://…' with TLS, 'unix:///path', "
        "'redis+sentinel://host1,host2/service' or 'redis+cluster://host1,host2'. "
        "Default: this process is the only one.",
    )
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")] = Field(
        "parley", description="What every key in Redis begins with; two deployments on one Redis need two."
    )
    timeout: float = Field(1.0, gt=0, le=60, description="Seconds any answer of Redis may take.")
    lease_seconds: float = Field(
        15.0, ge=1, le=HOUR, description="After so long a silence of a worker, others take over its conversations."
    )
    patience_seconds: float = Field(
        30.0, ge=0, le=HOUR, description="How long a start waits for a Redis that can't be reached."
    )


class RegistrySettings(Section):
    """Bots that are registered, and channels that are added, while the server runs."""

    key: Annotated[tuple[Annotated[str, AfterValidator(long_enough)], ...], BeforeValidator(names)] = Field(
        (),
        repr=False,
        description="Encrypts their settings, secrets included, in the database; 32 characters or more. A list to "
        "change it: the first encrypts, every one decrypts. Default: made at the first start and kept beside the "
        "database.",
    )


class LogSettings(Section):
    """What the process says about itself, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least a line must matter.")
    format: Literal["json", "console", "auto"] = Field(
        "auto", description="'auto': for people on a terminal, JSON elsewhere."
    )
    message_text: bool = Field(False, description="Whether customers' words may appear in the log.")


class EngineSettings(Section):
    """How turns are run."""

    history: int = Field(20, ge=0, le=200, description="Earlier messages a turn loads and a bot sees.")
    concurrency: int = Field(512, ge=1, le=100_000, description="Turns that may run at once in this process.")
    sweep_seconds: float = Field(5.0, gt=0, le=HOUR, description="How often to look for work whose wake-up was lost.")
    send_retries: int = Field(
        8, ge=0, le=1000, description="More tries before a message that can't be delivered is given up."
    )
    share: float = Field(
        0.75,
        gt=0,
        le=1,
        description="Part of `concurrency` one app, or one channel of an app, may take if it has others.",
    )
    max_backlog: int = Field(
        50_000,
        ge=1,
        le=10_000_000,
        description="Conversations that may wait for a turn, in all; then platforms are answered 503 and come again.",
    )
    max_backlog_per_app: int = Field(20_000, ge=1, le=10_000_000, description="The same for one app.")
    hold_seconds: float = Field(
        30.0,
        ge=2,
        le=HOUR,
        description="With several workers: how long a message that one is sending is kept from the others. "
        "What a killed worker was sending goes out after that; one call of a platform may take half of it.",
    )


Engines = Annotated[tuple[str, ...], BeforeValidator(names)]


class TranslatorSettings(Host):
    """One engine of the chain; the other keys are the engine's own."""

    engine: str = Field(description="Which engine: an entry point in parley.nlp, such as 'apertium'.")
    name: str = Field("", max_length=60, description="What it is called in traces and counters. Default: the engine.")
    timeout: float = Field(2.0, gt=0, le=HOUR, description="Seconds one call may take.")
    only: tuple[PairPattern, ...] = Field(
        (), description="Pairs it is asked for, such as 'es-en', '*-nl' or 'en-*'. Default: all that it has."
    )
    daily_characters: int = Field(0, ge=0, description="Most characters it is sent in a day (UTC); 0: any number.")
    monthly_characters: int = Field(0, ge=0, description="Most characters it is sent in a month (UTC); 0: any number.")


class NlpSettings(Section):
    """How customers are understood. An engine may be one name, a list, or "none"."""

    enabled: bool = Field(True, description="Without it nothing is detected, translated or read.")
    deadline: float = Field(2.0, gt=0, le=HOUR, description="Seconds for understanding one turn.")
    language: Engines = Field(("langid",), description="Engines for language detection.")
    sentiment: Engines = Field(
        ("vader", "lexicon", "mood"),
        description="Engines for sentiment; each refines the one before. By default those that work on this machine.",
    )
    intent: Engines = Field(
        ("intents",),
        description="Engines for intents. By default by examples, where some are given and the model is there.",
    )
    wish: Engines = Field(
        ("phrases", "wishes"),
        description="Engines that spot the wish for a person. By default those that work on this machine.",
    )
    memory: tuple[Path, ...] = Field((), description="TOML files of reviewed translations, asked before any engine.")
    glossary: tuple[Path, ...] = Field(
        (), description="TOML files of names that are never translated and terms with a fixed translation."
    )
    private: tuple[Literal["card", "iban", "email", "phone"], ...] = Field(
        ("card", "iban", "email", "phone"),
        description="What is found and kept whole before any engine sees a text. Digits and addresses never leave in "
        "any case.",
    )
    translators: tuple[TranslatorSettings, ...] | Literal["auto", "none"] = Field(
        "auto", description="Engines in the order they are asked, or 'auto': what works on this machine alone."
    )
    stages: Mapping[str, Mapping[str, Any]] = Field(
        default_factory=dict, description="Settings of engines by their names, as listed below."
    )


Spans = Annotated[tuple[str, ...], Field(description="Open from … to …, such as '09:00-12:30'.")]


class Hours(Section):
    """`monday = ["09:00-12:00", "13:00-18:00"]`. A day left out is closed; no table at all is always open."""

    timezone: str = Field("UTC", description="Such as 'Europe/Madrid'.")
    monday: Spans = ()
    tuesday: Spans = ()
    wednesday: Spans = ()
    thursday: Spans = ()
    friday: Spans = ()
    saturday: Spans = ()
    sunday: Spans = ()
    closed: tuple[str, ...] = Field((), description="Dates that are closed all day, such as '2026-12-25'.")


class ChannelSettings(Host):
    """One account of a platform; the other keys are the connector's own."""

    kind: str = Field(description="Which connector: an entry point in parley.connectors, such as 'webchat'.")
    bot: str = Field("", description="Bot that answers here. Default: the app's.")
    welcome: str | Mapping[LanguageCode, str] = Field(
        "",
        description="Said when a conversation is opened here, in place of asking the bot: a text, or one per language.",
    )
    hours: Hours | None = Field(None, description="When people are there for this channel. Default: the policy's.")
    language: str = Field(
        "", max_length=35, description="What customers mostly write here: for messages that don't tell, such as 'ok'."
    )
    form: Literal["ask", "link"] = Field(
        "ask",
        description="Where the channel has no forms of its own: asked field by field, or a link to a page of Parley's.",
    )
    rate: int = Field(30, ge=1, description="Messages one customer may send in a minute.")
    send_rate: float = Field(
        0.0,
        ge=0,
        le=100_000,
        description="Messages a second this channel may be sent, by all processes together; 0: any.",
    )
    max_bytes: int = Field(
        65_536,
        ge=1024,
        le=104_857_600,
        description="Largest request body. Default: this, or what the platform posts at once, where that is more.",
    )
    window_template: str = Field(
        "",
        max_length=512,
        description="Approved template that goes, once, in the place of a message which the platform refuses because "
        "the customer wrote too long ago. Default: that message becomes a dead letter, and the agent sees why.",
    )
    window_language: str = Field("", max_length=35, description="Language of that template, as the platform names it.")
    window_values: Mapping[str, str] = Field(
        default_factory=dict,
        description="Its placeholders, such as '1' = 'We have an answer: {text}'; {text} is the message.",
    )


class BotSettings(Host):
    """One bot; the other keys are its backend's own."""

    kind: str = Field(description="Which backend: an entry point in parley.bots, such as 'guide'.")
    deadline: float = Field(10.0, gt=0, le=HOUR, description="Seconds a bot may take for a turn.")
    languages: tuple[LanguageCode, ...] = Field(
        (), description="Languages the bot speaks besides its own: for their customers nothing is translated."
    )
    original: bool = Field(False, description="The bot reads what the customer typed, whatever the language.")
    profile: tuple[str, ...] = Field(
        ("*",), description="Fields of the customer's profile it sees, such as ['name', 'language']; '*': all of it."
    )
    fallback: str = Field("", description="Bot that answers when this one fails.")
    breaker_failures: int = Field(5, ge=1, description="Failures in a row after which it is not asked for a while.")
    breaker_seconds: float = Field(30.0, gt=0, le=DAY, description="How long that while is.")


class Rule(Section):
    """One rule, in the order they are asked; see docs/policy.md."""

    name: str = Field(min_length=1, max_length=80, description="Shown with every decision.")
    when: str = Field(description="A condition in CEL over the facts of the turn.")
    then: Literal["handoff", "bot"] = Field("handoff", description="A person, or another bot.")
    team: str = Field("", description="Team that gets the case. Default: the policy's.")
    priority: Literal["low", "normal", "high", "urgent"] = Field("normal", description="How soon it should be taken.")
    bot: str = Field("", description="With then = 'bot': which one.")
    reason: str = Field("", description="What the agent reads as the reason.")
    enabled: bool = Field(True, description="A rule that is off is not even compiled.")


class PolicySettings(Section):
    """Who answers: a bot or a person."""

    version: str = Field("1", description="Shown with every decision.")
    defaults: bool = Field(True, description="Whether the built-in rules follow yours.")
    rules: tuple[Rule, ...] = Field((), description="Yours, in order; the first that holds decides.")
    team: str = Field("support", description="Team when a rule names none.")
    while_waiting: Literal["hold", "bot"] = Field(
        "hold", description="Whether the bot goes on answering while the customer waits for a person."
    )
    offer_minutes: float = Field(
        0.0, ge=0, le=525_600, description="Minutes until an offer nobody took expires and the bot goes on; 0: never."
    )
    hours: Hours | None = Field(None, description="When people are at the desk. Default: always.")
    outside_takes_over: bool = Field(
        True,
        description="Whether a bot is silent once a person of yours answered in the platform's own app, until an agent "
        "gives the conversation back or the offer expires.",
    )


class TeamSettings(Section):
    """Agents who share a queue."""

    label: str = Field("", description="What agents and customers read. Default: the name.")
    languages: tuple[LanguageCode, ...] = Field((), description="Languages the team reads without translation.")


class AppSettings(Section):
    """One tenant: its own channels, bots, teams, rules, customers and keys."""

    name: str = Field("", description="Shown to agents and customers.")
    pivot: LanguageCode = Field("en", description="Language agents, rules and most bots work in.")
    languages: tuple[LanguageCode, ...] = Field(
        ("en", "es", "it", "nl"), min_length=1, description="Languages customers may use, the likeliest first."
    )
    bot: str = Field(description="The bot that answers unless a rule or channel says otherwise.")
    channels: Mapping[Name, ChannelSettings] = Field(default_factory=dict, description="Where customers write.")
    bots: Mapping[Name, BotSettings] = Field(default_factory=dict, description="Who may answer them.")
    teams: Mapping[Name, TeamSettings] = Field(
        default_factory=lambda: {"support": TeamSettings()}, description="Agents. Default: one team, 'support'."
    )
    policy: PolicySettings = Field(PolicySettings(), description="Bot or person?")
    nlp: NlpSettings = Field(NlpSettings(), description="Understanding and translation.")
    texts: Mapping[str, Mapping[LanguageCode, str]] = Field(
        default_factory=dict, description="Your wording of what customers are told, by notice and language."
    )


class Settings(Section):
    """Everything. Read a file with `load`; the environment is not looked at here."""

    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    media: MediaSettings = MediaSettings()
    retention: RetentionSettings = RetentionSettings()
    bus: BusSettings = BusSettings()
    registry: RegistrySettings = RegistrySettings()
    log: LogSettings = LogSettings()
    engine: EngineSettings = EngineSettings()
    apps: Mapping[Name, AppSettings] = Field(default_factory=dict)
