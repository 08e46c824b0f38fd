"""Configuration: `parley.toml` plus `PARLEY_*` variables, read once into frozen settings."""

from orchestrator.config.keeping import MediaSettings, RetentionSettings, StoreSettings
from orchestrator.config.load import Configuration, load
from orchestrator.config.section import ProcessRole, Section
from orchestrator.config.settings import (
    AppSettings,
    BotSettings,
    BusSettings,
    ChannelSettings,
    EngineSettings,
    Hours,
    LogSettings,
    NlpSettings,
    PolicySettings,
    Rule,
    ServerSettings,
    Settings,
    TeamSettings,
    TranslatorSettings,
)

__all__ = [
    "AppSettings",
    "BotSettings",
    "BusSettings",
    "ChannelSettings",
    "Configuration",
    "EngineSettings",
    "Hours",
    "LogSettings",
    "MediaSettings",
    "NlpSettings",
    "PolicySettings",
    "ProcessRole",
    "RetentionSettings",
    "Rule",
    "Section",
    "ServerSettings",
    "Settings",
    "StoreSettings",
    "TeamSettings",
    "TranslatorSettings",
    "load",
]
