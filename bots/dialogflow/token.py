"""An access token for a Google service account (developers.google.com/identity/protocols/oauth2/service-account)."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt

from orchestrator.bot_server import BotServer, dict_of
from orchestrator.errors import Misconfigured
from orchestrator.ports import Clock

SCOPE = "https://www.googleapis.com/auth/dialogflow"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = 3600
MARGIN = 120.0
"""Seconds before its end that a token is renewed."""
NEEDED = ("client_email", "private_key", "token_uri")


def account(path: Path) -> dict[str, str]:
    """Raises Misconfigured; the file's content is never shown."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(f"key file {str(path)!r}: {error.strerror}", key=("credentials",)) from None
    except ValueError:
        raise Misconfigured(f"key file {str(path)!r} is not JSON", key=("credentials",)) from None
    if not isinstance(found, dict) or any(not isinstance(found.get(name), str) for name in NEEDED):
        raise Misconfigured(f"key file {str(path)!r} is no service account's", key=("credentials",))
    return found


class Tokens:
    """Whoever comes while a token is renewed waits for the same one."""

    def __init__(self, account: Mapping[str, str], server: BotServer, clock: Clock) -> None:
        self.account = account
        self.server = server
        self.clock = clock
        self.token = ""
        self.ends = 0.0
        self.renewing = asyncio.Lock()

    async def header(self, until: datetime) -> dict[str, str]:
        """Raises BotFailed, BotTimeout."""
        async with self.renewing:
            if self.clock.monotonic() >= self.ends:
                self.token, seconds = await self.renewed(until)
                self.ends = self.clock.monotonic() + max(seconds - MARGIN, 0.0)
            return {"authorization": f"Bearer {self.token}"}

    def forget(self) -> None:
        """It was refused, whatever its time: the next one is new."""
        self.ends = 0.0

    async def renewed(self, until: datetime) -> tuple[str, float]:
        body = urlencode({"grant_type": GRANT, "assertion": self.assertion()}).encode()
        sent = {"content-type": "application/x-www-form-urlencoded"}
        answer = self.server.read(await self.server.ask("POST", self.account["token_uri"], body, until, sent))
        found: dict[str, Any] = dict_of(answer, "a token", self.server.who)
        token, seconds = found.get("access_token"), found.get("expires_in", LIFETIME)
        if not isinstance(token, str) or not token.isascii() or not isinstance(seconds, int | float):
            self.server.fail("gave no access token")
        return token, float(seconds)

    def assertion(self) -> str:
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": self.account["client_email"],
            "scope": SCOPE,
            "aud": self.account["token_uri"],
            "iat": now,
            "exp": now + LIFETIME,
        }
        headers = {"kid": self.account["private_key_id"]} if "private_key_id" in self.account else None
        return jwt.encode(claims, self.account["private_key"], algorithm="RS256", headers=headers)
