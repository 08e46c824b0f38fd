"""LINE: a LINE Official Account with a Messaging API channel.

[apps.shop.channels.line]
kind = "line"
secret = "env:LINE_SECRET"
token = "env:LINE_TOKEN"
"""

from connectors.line.connector import LIMITS, LineChannel
from connectors.line.settings import Settings
from connectors.line.stand_in import LineStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    return LineChannel(settings, clock=clock, http=http, files=files)


def stand_in(clock: Clock) -> StandIn:
    return LineStandIn(clock)
