"""The circuit breaker, second by second."""

from orchestrator.engine.breaker import Breaker
from tests.support.clock import ManualClock


def opened(clock: ManualClock) -> Breaker:
    breaker = Breaker(clock, failures=2, seconds=30)
    for _ in range(2):
        assert breaker.admit()
        breaker.failed()
    return breaker


def test_it_opens_after_failures_in_a_row_only() -> None:
    clock = ManualClock()
    breaker = Breaker(clock, failures=2, seconds=30)
    for failed in (True, False, True):
        assert breaker.admit()
        (breaker.failed if failed else breaker.succeeded)()
    assert breaker.state == "closed"
    breaker.failed()
    assert breaker.state == "open"
    assert not breaker.admit()


def test_after_its_time_it_lets_one_trial_through() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.advance(30)
    assert breaker.state == "half-open"
    assert breaker.admit()
    assert not breaker.admit()


def test_a_trial_that_succeeds_closes_it_and_one_that_fails_opens_it_anew() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.advance(30)
    assert breaker.admit()
    breaker.failed()
    assert breaker.state == "open"
    clock.advance(30)
    assert breaker.admit()
    breaker.succeeded()
    assert breaker.state == "closed"


def test_a_trial_that_was_called_off_may_be_made_again() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.advance(30)
    assert breaker.admit()
    breaker.left()
    assert breaker.admit()
