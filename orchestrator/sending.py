"""Reading what an HTTP platform answered to a message: taken, try again (when), or never. For every connector."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from orchestrator.errors import SendFailed

PASSING = frozenset({408, 425, 429})
"""Statuses below 500 that mean: the same request may succeed later (RFC 9110, RFC 8470, RFC 6585)."""

LONGEST_WAIT = 86_400.0


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from a Retry-After header: a number or an HTTP date, at most a day; None when absent or unreadable."""
    text = (headers.get("Retry-After") or headers.get("retry-after") or "").strip()
    if not text:
        return None
    try:
        seconds = float(text) if text[0].isdigit() else (at(text) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


def at(http_date: str) -> datetime:
    """Raises ValueError."""
    found = parsedate_to_datetime(http_date)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def failure(who: str, status: int, headers: Mapping[str, str], now: datetime, detail: str = "") -> SendFailed | None:
    """None for 2xx; else what to raise. `who` names the receiver, `detail` is what it said, without secrets."""
    if 200 <= status < 300:
        return None
    if 300 <= status < 400 and not detail:
        detail = "it redirects; configure the address it redirects to"
    said = f"{who} answered {status}" + (f": {detail}" if detail else "")
    if status in PASSING or status >= 500:
        return SendFailed(said, retryable=True, retry_after=retry_after(headers, now))
    return SendFailed(said, retryable=False)
