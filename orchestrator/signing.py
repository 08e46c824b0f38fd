"""Standard Webhooks signatures (standardwebhooks.com, specification 1.0), both ways.

Ours instead of the `standardwebhooks` package, read at 1.1.0: it takes the time from the system instead of a Clock,
knows one key at a time, and on a forged request raises whatever its decoding trips over (UnicodeDecodeError for bytes
that are not UTF-8, ValueError for a signature without a comma, binascii.Error for bad base64). tests/test_signing.py
holds both against each other.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from orchestrator.errors import Misconfigured, Unauthenticated

TOLERANCE = 300.0
"""Seconds a timestamp may differ from our clock, either way."""

MOST_SIGNATURES = 16
BITE = 2047
"""The most hashlib takes in without letting go of the lock."""

PREFIX = "whsec_"


def key(secret: str, where: str = "secret") -> bytes:
    """The bytes a secret stands for: base64, with or without "whsec_". Raises Misconfigured naming `where`."""
    text = secret.strip().removeprefix(PREFIX)
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not 24 <= len(found) <= 64:
        raise Misconfigured(
            f"{where}: a webhook secret is 24 to 64 bytes in base64, with or without {PREFIX!r} before it; "
            "'openssl rand -base64 32' makes one"
        )
    return found


def sealed(secret: bytes, *pieces: bytes) -> bytes:
    """HMAC-SHA256 of the pieces one after the other, in bites.

    `hmac.digest`, and an update of 2 KB or more, let go of the interpreter's lock: on a busy server it then waits for a
    database thread to give it back, which takes ten times as long as the digest.
    """
    mac = hmac.new(secret, digestmod="sha256")
    for piece in pieces:
        for start in range(0, len(piece), BITE):
            mac.update(piece[start : start + BITE])
    return mac.digest()


def signature(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    digest = sealed(secret, f"{message_id}.{timestamp}.".encode(), body)
    return "v1," + base64.b64encode(digest).decode()


def sign(keys: Sequence[bytes], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The three headers; no signature without keys. Signed with each, so a receiver may hold the old or the new one."""
    timestamp = str(int(now.timestamp()))
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp}
    if keys:
        headers["webhook-signature"] = " ".join(signature(each, message_id, timestamp, body) for each in keys)
    return headers


def verify(
    keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: datetime, tolerance: float = TOLERANCE
) -> None:
    """Check lower-case `headers` against the exact bytes. Raises Unauthenticated, saying what is missing or off."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (message_id and timestamp and given):
        raise Unauthenticated("webhook-id, webhook-timestamp and webhook-signature are needed (Standard Webhooks)")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        raise Unauthenticated("webhook-timestamp is not a time in whole seconds")
    if abs(now.timestamp() - int(timestamp)) > tolerance:
        raise Unauthenticated(f"webhook-timestamp is more than {tolerance:g} seconds off our clock")
    candidates = [item.encode("utf-8", "replace") for item in given.split(" ", MOST_SIGNATURES)[:MOST_SIGNATURES]]
    good = False
    for each in keys:
        expected = signature(each, message_id, timestamp, body).encode()
        for candidate in candidates:
            good |= hmac.compare_digest(expected, candidate)
    if not good:
        raise Unauthenticated("no webhook-signature matches these bytes under any secret of this address")
