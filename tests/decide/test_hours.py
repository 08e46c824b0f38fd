"""Open or not, and until when: overnight, across clock changes, on closed dates."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config import Hours
from orchestrator.decide import opens
from orchestrator.decide.hours import DAYS, compile_hours
from orchestrator.errors import Misconfigured

OFFICE = Hours(
    timezone="Europe/Madrid",
    monday=("09:00-12:00", "13:00-18:00"),
    tuesday=("09:00-18:00",),
    friday=("22:00-02:00",),
    closed=("2026-01-06",),
)
NIGHT = Hours(timezone="Europe/Madrid", saturday=("22:00-06:00",))
ALWAYS = Hours(**dict.fromkeys(DAYS, ("00:00-24:00",)))


@pytest.mark.parametrize(
    ("hours", "local", "is_open", "change"),
    [
        (OFFICE, "2026-01-05T08:59", False, "2026-01-05T09:00"),
        (OFFICE, "2026-01-05T09:00", True, "2026-01-05T12:00"),
        (OFFICE, "2026-01-05T12:00", False, "2026-01-05T13:00"),
        (OFFICE, "2026-01-05T18:00", False, "2026-01-09T22:00"),
        (OFFICE, "2026-01-06T10:00", False, "2026-01-09T22:00"),
        (OFFICE, "2026-01-10T01:59", True, "2026-01-10T02:00"),
        (OFFICE, "2026-01-10T02:00", False, "2026-01-12T09:00"),
        # Clocks go forward at 02:00 on 29 March 2026, and back at 03:00 on 25 October.
        (NIGHT, "2026-03-28T23:00", True, "2026-03-29T06:00"),
        (NIGHT, "2026-10-24T23:00", True, "2026-10-25T06:00"),
    ],
)
def test_open_or_not(hours: Hours, local: str, is_open: bool, change: str) -> None:
    zone = ZoneInfo("Europe/Madrid")
    found = opens(hours, datetime.fromisoformat(local).replace(tzinfo=zone).astimezone(UTC))
    assert found.open == is_open
    assert found.next_change is not None
    assert found.next_change.isoformat()[:16] == change
    assert found.next_change.utcoffset() == datetime.fromisoformat(change).replace(tzinfo=zone).utcoffset()


def test_a_night_shift_lasts_an_hour_less_or_more_when_clocks_change() -> None:
    for eve, hours in (("2026-03-28", 7), ("2026-10-24", 9), ("2026-05-02", 8)):
        start = datetime.fromisoformat(f"{eve}T22:00").replace(tzinfo=ZoneInfo("Europe/Madrid")).astimezone(UTC)
        end = opens(NIGHT, start).next_change
        assert end is not None
        assert end.astimezone(UTC) - start == timedelta(hours=hours)


def test_hours_in_the_hour_that_reads_twice_are_open_both_times() -> None:
    hours = Hours(timezone="Europe/Madrid", sunday=("02:15-02:45",))
    zone = ZoneInfo("Europe/Madrid")
    for fold in (0, 1):
        assert opens(hours, datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=zone)).open


def test_a_closed_date_is_closed_from_midnight_to_midnight_even_for_the_night_before() -> None:
    hours = Hours(timezone="UTC", thursday=("22:00-06:00",), closed=("2026-12-25",))
    found = opens(hours, datetime(2026, 12, 24, 23, tzinfo=UTC))
    assert (found.open, found.next_change) == (True, datetime(2026, 12, 25, tzinfo=UTC))
    assert not opens(hours, datetime(2026, 12, 25, 1, tzinfo=UTC)).open


def test_a_shift_that_did_not_begin_does_not_end_the_next_morning() -> None:
    hours = Hours(timezone="UTC", thursday=("22:00-06:00",), closed=("2026-12-24",))
    assert not opens(hours, datetime(2026, 12, 25, 1, tzinfo=UTC)).open


def test_always_and_never() -> None:
    now = datetime(2026, 5, 5, 5, tzinfo=UTC)
    assert (opens(None, now).open, opens(None, now).next_change) == (True, None)
    assert (opens(Hours(), now).open, opens(Hours(), now).next_change) == (False, None)
    assert (opens(ALWAYS, now).open, opens(ALWAYS, now).next_change) == (True, None)


def test_always_but_christmas() -> None:
    hours = ALWAYS.model_copy(update={"closed": ("2026-12-25",)})
    assert opens(hours, datetime(2026, 5, 5, 5, tzinfo=UTC)).next_change == datetime(2026, 12, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (Hours(timezone="Mars/Base"), ["timezone: ", "'Mars/Base'"]),
        (Hours(timezone="../../etc/passwd"), ["timezone: "]),
        (Hours(timezone=""), ["timezone: "]),
        (Hours(monday=("9 to 5",)), ["monday: ", "'9 to 5'"]),
        (Hours(tuesday=("09:60-10:00",)), ["tuesday: "]),
        (Hours(sunday=("24:00-06:00",)), ["sunday: "]),
        (Hours(sunday=("09:00-24:30",)), ["sunday: "]),
        (Hours(sunday=("09:00-09:00",)), ["sunday: ", "'00:00-24:00' is the whole day"]),
        (Hours(closed=("25.12.2026",)), ["closed: ", "'25.12.2026'"]),
    ],
)
def test_hours_that_can_not_be_read(hours: Hours, said: list[str]) -> None:
    with pytest.raises(Misconfigured) as caught:
        compile_hours(hours)
    for words in said:
        assert words in str(caught.value)


TIMES = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.sampled_from([0, 15, 30]))
RANGES = st.lists(st.tuples(TIMES, TIMES).filter(lambda pair: pair[0] != pair[1]).map("-".join), max_size=3).map(tuple)
WEEKS = st.builds(
    Hours,
    timezone=st.sampled_from(["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    monday=RANGES, tuesday=RANGES, wednesday=RANGES, thursday=RANGES, friday=RANGES, saturday=RANGES, sunday=RANGES,
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(WEEKS, MOMENTS)
def test_the_state_holds_until_the_next_change_and_not_after(hours: Hours, now: datetime) -> None:
    found = opens(hours, now)
    if found.next_change is not None:
        assert found.next_change > now
        assert opens(hours, found.next_change - timedelta(seconds=1)).open == found.open
        assert opens(hours, found.next_change).open != found.open
