"""A Clock that goes when told to."""

import itertools
from datetime import UTC, datetime, timedelta


class ManualClock:
    """Starts at noon UTC on 2026-11-01; ids are "id-000001", "id-000002" …"""

    def __init__(self, start: datetime = datetime(2026, 11, 1, 12, tzinfo=UTC)) -> None:
        self.time = start
        self.seconds = 1000.0
        self.ids = itertools.count(1)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.seconds

    def new_id(self) -> str:
        return f"id-{next(self.ids):06}"

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.seconds += seconds
