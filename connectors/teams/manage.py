"""Connecting a bot: what to paste where, and what is wrong with an account, in words."""

from collections.abc import Sequence
from typing import Any

import orjson

from connectors.teams.settings import Settings
from connectors.teams.tokens import Access, Keys
from orchestrator.errors import SendFailed
from orchestrator.types import Checked, SetupStep


def manifest(settings: Settings) -> dict[str, Any]:
    """The part of a Teams app's manifest.json that makes it this bot."""
    return {
        "bots": [
            {
                "botId": settings.app_id,
                "scopes": ["personal", "team", "groupChat"],
                "supportsFiles": settings.files == "consent",
                "isNotificationOnly": False,
            }
        ]
    }


def steps(settings: Settings, url: str) -> Sequence[SetupStep]:
    pasted = orjson.dumps(manifest(settings), option=orjson.OPT_INDENT_2).decode()
    return [
        SetupStep(
            title="Set the messaging endpoint",
            text=f"In the Azure portal, the Azure Bot resource, 'Configuration': Messaging endpoint = {url}",
        ),
        SetupStep(title="Switch Teams on", text="The same resource, 'Channels': add Microsoft Teams."),
        SetupStep(title="Make a Teams app", text=f"At https://dev.teams.microsoft.com, in manifest.json:\n{pasted}"),
    ]


async def check(access: Access, keys: Keys, url: str) -> Sequence[Checked]:
    found = [await token(access), await published(keys)]
    if not url.startswith("https://"):
        mend = "set server.public_url to an https address: the Bot Framework calls no other"
        found.append(Checked(ok=False, what=f"the Bot Framework can't call {url!r}", mend=mend))
    return found


async def token(access: Access) -> Checked:
    try:
        await access.bearer()
    except SendFailed as error:
        return Checked(
            ok=False, what=str(error), mend="copy app_id, a client secret and the tenant from the Azure portal"
        )
    return Checked(ok=True, what="Microsoft gives the bot a token")


async def published(keys: Keys) -> Checked:
    if keys.settings.jwks:
        return Checked(ok=True, what="requests are checked with the keys in `jwks`")
    try:
        place = await keys.get(keys.settings.openid)
        await keys.get(str(place.get("jwks_uri") or ""))
    except SendFailed as error:
        return Checked(ok=False, what=str(error), mend="let this server reach login.botframework.com")
    return Checked(ok=True, what="the keys that requests are signed with can be had")
