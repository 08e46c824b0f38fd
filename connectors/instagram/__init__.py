"""Instagram: the direct messages of a professional account.

[apps.shop.channels.instagram]
kind = "instagram"
account_id = "17841400000000000"
access_token = "env:INSTAGRAM_TOKEN"
app_secret = "env:INSTAGRAM_APP_SECRET"
verify_token = "env:META_VERIFY_TOKEN"
"""

from connectors.instagram.settings import INSTAGRAM, LIMITS, Settings
from connectors.meta.inbox import InboxChannel
from connectors.meta.inbox_stand_in import InboxStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    return InboxChannel(INSTAGRAM, settings, settings.api, clock=clock, http=http, files=files)


def stand_in(clock: Clock) -> StandIn:
    return InboxStandIn(INSTAGRAM, "account_id", clock)
