"""Twilio: SMS and MMS from a number or messaging service, or WhatsApp from a WhatsApp sender.

[apps.shop.channels.sms]
kind = "twilio"
account_sid = "AC…"
auth_token = "env:TWILIO_AUTH_TOKEN"
sender = "+15017122661"                    # or "whatsapp:+14155238886"
url = "https://parley.shop.example/hooks/sms"
"""

from connectors.twilio.connector import TwilioChannel
from connectors.twilio.settings import SMS_LIMITS, Settings
from connectors.twilio.stand_in import TwilioStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = SMS_LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    return TwilioChannel(settings, clock=clock, http=http)


def stand_in(clock: Clock) -> StandIn:
    return TwilioStandIn(clock)
