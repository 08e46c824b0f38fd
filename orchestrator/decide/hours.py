"""Business hours: open or not at an instant, and when that changes next."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from orchestrator.config import Hours
from orchestrator.errors import Misconfigured

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
RANGE = re.compile(r"(\d{1,2}):([0-5]\d)\s*[-–]\s*(\d{1,2}):([0-5]\d)")
DAY = 24 * 60
HORIZON = 400
"""Days to look ahead for the next change: hours that don't change in more than a year never do."""

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Opening:
    """Compiled hours. `week` holds seven days, Monday first, of (start, end) in minutes from local midnight;
    an end beyond 1440 reaches into the next day."""

    zone: ZoneInfo
    week: tuple[tuple[tuple[int, int], ...], ...]
    closed: frozenset[date]


@dataclass(frozen=True, slots=True)
class OpenState:
    """`next_change` in the time zone of the hours, as people there would say it; None when it never changes."""

    open: bool
    next_change: datetime | None = None


@lru_cache(maxsize=256)
def compile_hours(hours: Hours) -> Opening:
    """Raises Misconfigured, naming the day and what stands there."""
    return Opening(
        zone=zone(hours.timezone),
        week=tuple(tuple(minutes(day, text) for text in getattr(hours, day)) for day in DAYS),
        closed=frozenset(closed_date(text) for text in hours.closed),
    )


def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Misconfigured(
            f"{name!r} is not a time zone this machine knows; use a name such as 'Europe/Madrid'"
            " (on Debian the package tzdata holds them)",
            key=("timezone",),
        ) from None


def minutes(day: str, text: str) -> tuple[int, int]:
    found = RANGE.fullmatch(text.strip())
    if found is None:
        raise Misconfigured(f"{text!r} is not a range of times; write '09:00-17:30'", key=(day,))
    hour, minute, last_hour, last_minute = (int(part) for part in found.groups())
    start, end = hour * 60 + minute, last_hour * 60 + last_minute
    if start >= DAY or end > DAY or start == end:
        raise Misconfigured(
            f"{text!r} must start before 24:00 and end at another time, 24:00 at the latest;"
            " '00:00-24:00' is the whole day, '22:00-06:00' ends the next morning",
            key=(day,),
        )
    return start, end if end > start else end + DAY


def closed_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misconfigured(f"{text!r} is not a date; write '2026-12-25'", key=("closed",)) from None


def opens(hours: Hours | None, now: datetime) -> OpenState:
    """Without hours it is always open. `now` must be aware. Raises Misconfigured as `compile_hours` does."""
    if hours is None:
        return OpenState(True)
    opening = compile_hours(hours)
    eve = now.astimezone(opening.zone).date() - timedelta(days=1)
    coming = next((span for span in joined(opening, eve) if span[1] > now), None)
    if coming is None:
        return OpenState(False)
    start, end = coming
    if start > now:
        return OpenState(False, start.astimezone(opening.zone))
    endless = end - now > timedelta(days=HORIZON - 3)
    return OpenState(True, None if endless else end.astimezone(opening.zone))


def joined(opening: Opening, first: date) -> Iterator[Span]:
    """From this local date on, spans that meet (at midnight, say) as one."""
    held: Span | None = None
    for ahead in range(HORIZON):
        for start, end in day_spans(opening, first + timedelta(days=ahead)):
            if held and start <= held[1]:
                held = held[0], max(held[1], end)
                continue
            if held:
                yield held
            held = start, end
    if held:
        yield held


@lru_cache(maxsize=2048)
def day_spans(opening: Opening, day: date) -> tuple[Span, ...]:
    """What is open on this local date, in order, with what the evening before left over. A closed date has nothing."""
    if day in opening.closed:
        return ()
    eve = day - timedelta(days=1)
    late = () if eve in opening.closed else opening.week[eve.weekday()]
    spans = [(0, end - DAY) for _, end in late if end > DAY]
    spans += [(start, min(end, DAY)) for start, end in opening.week[day.weekday()]]
    return tuple(
        (instant(opening.zone, day, start, 0), instant(opening.zone, day, end, 1)) for start, end in sorted(spans)
    )


def instant(zone: ZoneInfo, day: date, minute: int, fold: int) -> datetime:
    """Where clocks go back an hour reads twice (`fold`): hours start at its first reading and end at its second."""
    days, rest = divmod(minute, DAY)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60, fold=fold), zone)
    return local.astimezone(UTC)
