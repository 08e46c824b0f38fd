"""Viber: a bot of partners.viber.com.

[apps.shop.channels.viber]
kind = "viber"
token = "env:VIBER_TOKEN"
name = "The shop"
"""

from connectors.viber.connector import LIMITS, ViberChannel
from connectors.viber.settings import Settings
from connectors.viber.stand_in import ViberStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    return ViberChannel(settings, clock=clock, http=http, files=files)


def stand_in(clock: Clock) -> StandIn:
    return ViberStandIn(clock)
