"""Telegram: a bot of @BotFather's, by webhook or by long polling.

[apps.shop.channels.telegram]
kind = "telegram"
token = "env:TELEGRAM_TOKEN"
"""

from connectors.telegram.connector import LIMITS, TelegramChannel
from connectors.telegram.polling import PollingTelegram
from connectors.telegram.settings import Settings
from connectors.telegram.stand_in import TelegramStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    kind = PollingTelegram if settings.mode == "polling" else TelegramChannel
    return kind(settings, clock=clock, http=http, files=files)


def stand_in(clock: Clock) -> StandIn:
    return TelegramStandIn(clock)
