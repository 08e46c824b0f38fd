"""WhatsApp by Meta's Cloud API.

[apps.shop.channels.wa]
kind = "whatsapp"
phone_number_id = "106540352242922"
access_token = "env:WHATSAPP_TOKEN"
app_secret = "env:WHATSAPP_APP_SECRET"
verify_token = "env:WHATSAPP_VERIFY_TOKEN"
"""

from connectors.whatsapp.connector import WhatsAppChannel
from connectors.whatsapp.settings import LIMITS, Settings
from connectors.whatsapp.stand_in import stand_in
from orchestrator.ports import Clock, Connector, Files, Http

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    return WhatsAppChannel(settings, clock=clock, http=http, files=files)
