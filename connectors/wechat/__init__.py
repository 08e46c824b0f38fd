"""WeChat: an official account, its messages encrypted (safe mode), answered over the customer-service API.

[apps.shop.channels.wechat]
kind = "wechat"
app_id = "wx…"
app_secret = "env:WECHAT_SECRET"
token = "env:WECHAT_TOKEN"
aes_key = "env:WECHAT_AES_KEY"
"""

from connectors.wechat.connector import WeChatChannel
from connectors.wechat.settings import LIMITS, Settings
from connectors.wechat.stand_in import WeChatStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    return WeChatChannel(settings, clock=clock, http=http, files=files)


def stand_in(clock: Clock) -> StandIn:
    return WeChatStandIn(clock)
