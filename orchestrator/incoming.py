"""Reading JSON that a platform posted, for every connector: what can't be kept is left out, what can't be read told."""

import re
from datetime import UTC, datetime
from typing import Any

import orjson

from orchestrator.errors import Malformed

# An escaped NUL, but not an escaped backslash before the letters "u0000": PostgreSQL's text can't hold it.
NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def read_json(body: bytes) -> Any:
    """Raises Malformed, also for what is nested more than 1024 levels deep or holds half a character."""
    if b"\\u0000" in body:
        body = NUL.sub(rb"\1", body)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON (line {error.lineno}, column {error.colno})") from None


def moment(seconds: float, now: datetime) -> datetime:
    """When a platform says it happened, in seconds since 1970; never later than now, which stands for nonsense too."""
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return min(at, now) if at >= EARLIEST else now
