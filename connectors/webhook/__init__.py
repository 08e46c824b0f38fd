"""The generic webhook channel: anything that speaks HTTP and JSON becomes a channel, signed by Standard Webhooks.

[apps.shop.channels.kiosk]
kind = "webhook"
url = "https://kiosk.example.com/parley"
secret = "env:KIOSK_SECRET"
"""

from connectors.webhook.connector import WebhookChannel
from connectors.webhook.settings import DEFAULT_LIMITS, Settings
from connectors.webhook.stand_in import WebhookStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = DEFAULT_LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    return WebhookChannel(settings, clock=clock, http=http)


def stand_in(clock: Clock) -> StandIn:
    return WebhookStandIn(clock)
