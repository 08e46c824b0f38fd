"""Slack's signature, version 0 (docs.slack.dev/authentication/verifying-requests-from-slack)."""

import hmac
from collections.abc import Mapping
from datetime import datetime

from orchestrator import signing
from orchestrator.errors import Unauthenticated

TOLERANCE = 300.0
"""Seconds a timestamp may differ from our clock, either way."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    return "v0=" + signing.sealed(secret.encode(), f"v0:{timestamp}:".encode(), body).hex()


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """On the raw bytes, in constant time. Raises Unauthenticated, saying what is missing or off."""
    timestamp, given = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not timestamp or not given:
        raise Unauthenticated("x-slack-request-timestamp and x-slack-signature are needed")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        raise Unauthenticated("x-slack-request-timestamp is not a time in whole seconds")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE:
        raise Unauthenticated(f"x-slack-request-timestamp is more than {TOLERANCE:g} seconds off our clock")
    if not hmac.compare_digest(sign(secret, timestamp, body).encode(), given.encode("utf-8", "replace")):
        raise Unauthenticated("x-slack-signature does not match these bytes; is signing_secret that of this app?")
