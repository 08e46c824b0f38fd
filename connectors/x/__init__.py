"""X: direct messages of one account, by its Account Activity or X Activity webhook.

[apps.shop.channels.x]
kind = "x"
user_id = "10000001"
consumer_key = "…"
consumer_secret = "env:X_CONSUMER_SECRET"
access_token = "10000001-…"
access_secret = "env:X_ACCESS_SECRET"
"""

from connectors.x.connector import XChannel
from connectors.x.settings import LIMITS, Settings
from connectors.x.stand_in import XStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    return XChannel(settings, clock=clock, http=http, files=files)


def stand_in(clock: Clock) -> StandIn:
    return XStandIn(clock)
