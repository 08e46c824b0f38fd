"""E-mail: a mailbox read as mail arrives (IMAP), or a provider's inbound webhook; out by SMTP or the provider's API.

[apps.shop.channels.mail]
kind = "email"
address = "help@shop.example"
imap = { host = "imap.example.com", password = "env:MAIL_PASSWORD" }
smtp = { host = "smtp.example.com", password = "env:MAIL_PASSWORD" }
"""

from connectors.email.connector import LIMITS, EmailChannel
from connectors.email.listening import ListeningEmail
from connectors.email.settings import Settings
from connectors.email.stand_in import PostmarkStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    if settings.imap is not None:
        return ListeningEmail(settings, settings.imap, clock=clock, http=http, files=files)
    return EmailChannel(settings, clock=clock, http=http, files=files)


def stand_in(clock: Clock) -> StandIn:
    return PostmarkStandIn(clock)
