"""Connecting an app: the manifest to paste, and what is wrong with an account, in words."""

from collections.abc import Sequence
from typing import Any

import orjson

from connectors.slack.api import Api
from connectors.slack.events import TRACKER
from connectors.slack.settings import Settings
from orchestrator.errors import SendFailed
from orchestrator.types import Checked, SetupStep

SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "im:history",
    "im:write",
    "metadata.message:read",
    "mpim:history",
    "reactions:read",
    "users:read",
)
NEEDED = frozenset({"chat:write", "im:history"})
EVENTS = (
    "app_home_opened",
    "app_mention",
    "assistant_thread_started",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "message_metadata_posted",
    "reaction_added",
    "reaction_removed",
)


def manifest(settings: Settings, url: str) -> dict[str, Any]:
    """An app's whole configuration (docs.slack.dev/reference/app-manifest)."""
    socket = bool(settings.app_token.get_secret_value())
    place = {} if socket else {"request_url": url}
    return {
        "display_information": {"name": "Parley"},
        "features": {
            "app_home": {"messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
            "bot_user": {"display_name": "Parley", "always_online": True},
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": place | {"bot_events": list(EVENTS), "metadata_subscriptions": subscriptions()},
            "interactivity": {"is_enabled": True} | place,
            "socket_mode_enabled": socket,
        },
    }


def subscriptions() -> list[dict[str, str]]:
    return [{"app_id": "*", "event_type": TRACKER}]


def steps(settings: Settings, url: str) -> Sequence[SetupStep]:
    """Slack lets nobody but the app's owner set its addresses: all of it is pasted once."""
    pasted = orjson.dumps(manifest(settings, url), option=orjson.OPT_INDENT_2).decode()
    found = [
        SetupStep(
            title="Create the app from a manifest",
            text=f"At https://api.slack.com/apps choose 'Create New App', 'From a manifest', and paste:\n{pasted}",
        ),
        SetupStep(
            title="Install it in the workspace",
            text="'OAuth & Permissions', 'Install to Workspace'; the Bot User OAuth Token (xoxb-…) is `token`.",
        ),
    ]
    if settings.app_token.get_secret_value():
        text = "'Basic Information', 'App-Level Tokens', with the scope connections:write; xapp-… is `app_token`."
        return [*found, SetupStep(title="Make an app-level token", text=text)]
    text = "'Basic Information', 'App Credentials': the Signing Secret is `signing_secret`."
    return [*found, SetupStep(title="Copy the signing secret", text=text)]


async def check(settings: Settings, api: Api, url: str) -> Sequence[Checked]:
    found = [await token(settings, api)]
    if settings.app_token.get_secret_value():
        return [*found, await socket(settings, api)]
    if not url.startswith("https://"):
        mend = "set server.public_url to an https address, or use Socket Mode (app_token)"
        found.append(Checked(ok=False, what=f"Slack can't call {url!r}", mend=mend))
    return found


async def token(settings: Settings, api: Api) -> Checked:
    try:
        answer = await api.call("auth.test", {})
    except SendFailed as error:
        return Checked(ok=False, what=str(error), mend="copy the Bot User OAuth Token (xoxb-…) into `token`")
    team = str(answer.get("team_id", ""))
    if settings.team and team != settings.team:
        return Checked(ok=False, what=f"the token is of workspace {team!r}, not {settings.team!r}", mend="set `team`")
    given = {scope.strip() for scope in str(answer.get("scopes", "")).split(",")} - {""}
    if given and (missing := sorted(NEEDED - given)):
        mend = "add them under 'OAuth & Permissions' and install the app again"
        return Checked(ok=False, what=f"the app lacks the scopes {', '.join(missing)}", mend=mend)
    less = f"; without {', '.join(lacking)}" if given and (lacking := sorted(set(SCOPES) - given)) else ""
    return Checked(ok=True, what=f"the token is of {answer.get('user')!r} in {answer.get('team')!r}{less}")


async def socket(settings: Settings, api: Api) -> Checked:
    try:
        await api.call("apps.connections.open", {}, token=settings.app_token.get_secret_value())
    except SendFailed as error:
        mend = "switch Socket Mode on, and make an app-level token with connections:write"
        return Checked(ok=False, what=str(error), mend=mend)
    return Checked(ok=True, what="Slack opens a socket for the app-level token")
