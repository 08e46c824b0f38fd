"""Microsoft Teams, and whatever else speaks the Bot Framework's REST protocol: Web Chat, Direct Line.

[apps.shop.channels.teams]
kind = "teams"
app_id = "11111111-1111-4111-8111-111111111111"
app_password = "env:TEAMS_PASSWORD"
tenant = "contoso.onmicrosoft.com"
"""

from connectors.teams.connector import TeamsChannel
from connectors.teams.settings import LIMITS, Settings
from connectors.teams.stand_in import TeamsStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    return TeamsChannel(settings, clock=clock, http=http, files=files)


def stand_in(clock: Clock) -> StandIn:
    return TeamsStandIn(clock)
