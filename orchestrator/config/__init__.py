"""Configuration: `parley.toml` plus `PARLEY_*` variables, read once into frozen settings."""

from orchestrator.config.load import Configuration, load
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
    ProcessRole,
    Rule,
    Section,
    ServerSettings,
    Settings,
    StoreSettings,
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
    "NlpSettings",
    "PolicySettings",
    "ProcessRole",
    "Rule",
    "Section",
    "ServerSettings",
    "Settings",
    "StoreSettings",
    "TeamSettings",
    "TranslatorSettings",
    "load",
]
