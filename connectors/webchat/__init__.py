"""Web chat: the widget of `web/widget`, embedded in any page by one script tag. The protocol is in README.md."""

from connectors.webchat.connector import LIMITS, WebChat
from connectors.webchat.settings import Settings
from orchestrator.ports import Clock, Connector, Files, Http

limits = LIMITS

__all__ = ["Settings", "WebChat", "create", "limits"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    return WebChat(settings, clock)
