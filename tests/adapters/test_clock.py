"""Time and ids as the machine gives them."""

import threading
from datetime import UTC, timedelta

import pytest

from orchestrator.adapters.clock import CROCKFORD, SystemClock


def test_now_is_aware_and_in_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert now.utcoffset() == timedelta(0)


def test_monotonic_never_goes_back() -> None:
    clock = SystemClock()
    times = [clock.monotonic() for _ in range(1000)]
    assert times == sorted(times)


def test_ids_have_26_characters_and_grow() -> None:
    clock = SystemClock()
    ids = [clock.new_id() for _ in range(50_000)]
    assert ids == sorted(set(ids))
    assert {len(one) for one in ids} == {26}
    assert set("".join(ids)) <= set(CROCKFORD)
    assert ids[0][0] in "01234567", "a ULID holds 128 bits, not 130"


def test_ids_tell_when_they_were_made() -> None:
    clock = SystemClock()
    before, made = clock.now(), clock.new_id()
    value = 0
    for character in made[:10]:
        value = value * 32 + CROCKFORD.index(character)
    assert abs(value - before.timestamp() * 1000) < 60_000


def test_ids_of_many_threads_are_all_different() -> None:
    clock = SystemClock()
    made: list[str] = []

    def make() -> None:
        made.extend([clock.new_id() for _ in range(5000)])

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 40_000


def test_two_clocks_make_different_ids() -> None:
    one, other = SystemClock(), SystemClock()
    assert not {one.new_id() for _ in range(1000)} & {other.new_id() for _ in range(1000)}


def test_ids_grow_when_the_wall_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    first = clock.new_id()
    monkeypatch.setattr("time.time_ns", lambda: 1_000_000_000_000)
    assert clock.new_id() > first


def test_a_millisecond_that_is_full_borrows_from_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_000_000_000)
    monkeypatch.setattr("os.urandom", lambda count: b"\xff" * count)
    clock = SystemClock()
    ids = [clock.new_id() for _ in range(100_000)]
    assert ids == sorted(set(ids))
    assert len({one[:10] for one in ids}) > 1
