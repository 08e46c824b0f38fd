"""What providers have in common: the password in the hook's address, JSON of strangers, ids of ours."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.email.settings import Settings
from orchestrator.errors import Malformed, Unauthenticated
from orchestrator.types import RawRequest

EARLIEST = 946_684_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One call of an API. Both headers and body may hold secrets."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def check_basic(settings: Settings, request: RawRequest) -> None:
    """HTTP Basic, from https://user:password@… in the hook's address. Raises Unauthenticated."""
    wanted = f"{settings.hook_user}:{settings.hook_password.get_secret_value()}".encode()
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        found = base64.b64decode(given.strip(), validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        found = b""
    if not hmac.compare_digest(found, wanted):
        raise Unauthenticated("the user or password in the hook's address is missing or wrong")


def check_time(timestamp: str, now: datetime, tolerance: float) -> None:
    """Raises Unauthenticated."""
    read = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 13
    if not read or abs(now.timestamp() - int(timestamp)) > tolerance:
        raise Unauthenticated(f"the timestamp is more than {tolerance:g} seconds off our clock")


def json_of(body: bytes) -> Any:
    """Raises Malformed."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON (line {error.lineno}, column {error.colno})") from None


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """NULs out: PostgreSQL's text can't hold them."""
    return value.replace("\0", "") if isinstance(value, str) else ""


def when(value: Any, now: datetime) -> datetime:
    """A time in seconds, or ISO 8601; never later than now."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(float(value), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return now
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return min(found, now) if found.timestamp() > EARLIEST else now


def ours(key: str, host: str) -> str:
    """Our Message-ID from the key that went along with the mail."""
    return f"{key}@{host}" if key else ""
