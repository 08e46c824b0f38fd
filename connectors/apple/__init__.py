"""Apple Messages for Business, as a Messaging Service Provider or through one.

[apps.shop.channels.apple]
kind = "apple"
msp_id = "c7b1f0cf-c3fd-40ab-8d40-cff3d81d1d6b"
secret = "env:APPLE_MSP_SECRET"
business_id = "b9159070-c454-4135-8bf3-049809624818"
"""

from connectors.apple.connector import AppleChannel
from connectors.apple.settings import LIMITS, Settings
from connectors.apple.stand_in import AppleStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    return AppleChannel(settings, clock=clock, http=http, files=files)


def stand_in(clock: Clock) -> StandIn:
    return AppleStandIn(clock)
