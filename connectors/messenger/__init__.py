"""Facebook Messenger: the inbox of a page.

[apps.shop.channels.facebook]
kind = "messenger"
page_id = "404217156637689"
access_token = "env:MESSENGER_TOKEN"
app_secret = "env:META_APP_SECRET"
verify_token = "env:META_VERIFY_TOKEN"
"""

from connectors.messenger.settings import LIMITS, MESSENGER, Settings
from connectors.meta.inbox import InboxChannel
from connectors.meta.inbox_stand_in import InboxStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    return InboxChannel(MESSENGER, settings, settings.api, clock=clock, http=http, files=files)


def stand_in(clock: Clock) -> StandIn:
    return InboxStandIn(MESSENGER, "page_id", clock)
