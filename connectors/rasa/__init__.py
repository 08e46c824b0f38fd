"""Rasa's REST and callback channels: front ends made for Rasa talk to Parley unchanged.

[apps.shop.channels.site]
kind = "rasa"
token = "env:SITE_TOKEN"
"""

from connectors.rasa.connector import CallbackChannel, RestChannel
from connectors.rasa.settings import LIMITS, Settings
from connectors.rasa.stand_in import RasaStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    if settings.callback:
        return CallbackChannel(settings, clock=clock, http=http)
    return RestChannel(settings, clock=clock)


def stand_in(clock: Clock) -> StandIn:
    return RasaStandIn(clock)
