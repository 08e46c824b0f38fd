"""Slack: Events API, interactivity and slash commands on one hook, or Socket Mode with no public address at all.

[apps.shop.channels.team]
kind = "slack"
token = "env:SLACK_TOKEN"
signing_secret = "env:SLACK_SIGNING_SECRET"
"""

from connectors.slack.connector import SlackChannel, SlackListener
from connectors.slack.settings import LIMITS, Settings
from connectors.slack.stand_in import SlackStandIn
from orchestrator.ports import Clock, Connector, Files, Http, StandIn

limits = LIMITS

__all__ = ["Settings", "create", "limits", "stand_in"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    """With an app-level token it asks Slack itself (Socket Mode); the hook then refuses what nobody signed."""
    made = SlackListener if settings.app_token.get_secret_value() else SlackChannel
    return made(settings, clock=clock, http=http, files=files)


def stand_in(clock: Clock) -> StandIn:
    return SlackStandIn(clock)
