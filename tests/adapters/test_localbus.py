"""What LocalBus costs: memory that does not grow, readers that do not weigh."""

import tracemalloc
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from orchestrator.adapters.localbus import LocalBus
from orchestrator.types import TypingChanged
from tests.support.clock import ManualClock

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def grown() -> Callable[[], int]:
    """Bytes since the first call."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    return lambda: tracemalloc.get_traced_memory()[0] - before


@pytest.fixture(autouse=True)
def _traced() -> object:
    yield
    tracemalloc.stop()


async def test_an_idle_reader_weighs_little(clock: ManualClock, grown: Callable[[], int]) -> None:
    bus = LocalBus(clock)
    async with AsyncExitStack() as stack:
        for number in range(1000):
            await stack.enter_async_context(bus.subscribe("shop", f"conversation-{number}"))
        assert grown() / 1000 < 3000
    assert bus.feeds.topics == {}


async def test_a_reader_that_never_reads_holds_no_more_than_its_backlog(clock: ManualClock) -> None:
    bus = LocalBus(clock, backlog=10)
    async with bus.feeds.subscribe("shop", "") as stuck:
        for number in range(1000):
            await bus.publish(
                TypingChanged(app_id="shop", conversation_id="c", role="bot", author=str(number), on=True)
            )
            assert len(stuck.queue) <= 11


async def test_keys_are_forgotten_once_their_window_is_over(clock: ManualClock) -> None:
    bus = LocalBus(clock)
    for number in range(1000):
        await bus.take(f"visitor-{number}", limit=30, per=MINUTE)
    await bus.take("slow", limit=1, per=timedelta(days=1))
    assert len(bus.rates.full) == 1001
    clock.advance(60)
    for _ in range(1000):
        await bus.take("busy", limit=10_000, per=MINUTE)
    assert set(bus.rates.full) == {"slow", "busy"}


async def test_a_crowd_of_passing_strangers_does_not_pile_up(clock: ManualClock) -> None:
    bus = LocalBus(clock)
    most = 0
    for number in range(20_000):
        clock.advance(0.01)
        await bus.take(f"stranger-{number}", limit=60, per=MINUTE)
        most = max(most, len(bus.rates.full))
    assert most < 300, "a hundred are within their second at any time"


async def test_conversations_that_are_done_leave_nothing(clock: ManualClock) -> None:
    bus = LocalBus(clock)
    for number in range(1000):
        await bus.wake(f"c{number}")
        await bus.release(await bus.claim())
    assert (bus.wakeups.ready, bus.wakeups.running, bus.wakeups.places.qsize()) == (set(), {}, 0)


async def test_agents_who_left_are_dropped(clock: ManualClock) -> None:
    bus = LocalBus(clock)
    for number in range(100):
        await bus.present("shop", f"agent-{number}", [], 30)
    clock.advance(30)
    await bus.presences("shop")
    assert bus.presence.apps["shop"] == {}


async def test_a_second_reader_of_one_subscription_is_told(clock: ManualClock) -> None:
    bus = LocalBus(clock)
    async with bus.feeds.subscribe("shop", "") as feed:
        first = feed.news()
        first.send(None)
        with pytest.raises(RuntimeError, match="has one reader"):
            await anext(feed)
        first.close()


def test_a_backlog_of_nothing_is_refused(clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="at least one"):
        LocalBus(clock, backlog=0)


async def test_the_burst_of_one_app_does_not_hold_up_another() -> None:
    bus = LocalBus(ManualClock())
    for number in range(100):
        await bus.wake(f"loud {number}", "loud")
    await bus.wake("quiet 0", "quiet")
    await bus.wake("swept 0")
    assert [await bus.claim() for _ in range(5)] == ["loud 0", "quiet 0", "swept 0", "loud 1", "loud 2"]


async def test_an_app_keeps_its_turn_when_it_is_woken_while_it_runs() -> None:
    bus = LocalBus(ManualClock())
    await bus.wake("quiet 0", "quiet")
    assert await bus.claim() == "quiet 0"
    await bus.wake("quiet 0")
    for number in range(3):
        await bus.wake(f"loud {number}", "loud")
    await bus.release("quiet 0")
    assert [await bus.claim() for _ in range(3)] == ["loud 0", "quiet 0", "loud 1"]


async def test_tokens_and_holds_are_forgotten_once_they_are_over(clock: ManualClock) -> None:
    bus = LocalBus(clock)
    for number in range(1000):
        await bus.once(f"token-{number}", MINUTE)
        await bus.hold(f"channel-{number}", 60)
    clock.advance(60)
    for _ in range(1000):
        await bus.once("busy", timedelta(microseconds=1))
    await bus.hold("one", 60)
    assert len(bus.used.until) <= 2
    assert list(bus.holds.until) == ["one"]


async def test_what_is_withdrawn_nobody_claims(clock: ManualClock) -> None:
    bus = LocalBus(clock)
    for conversation in ("a", "b", "c"):
        await bus.wake(conversation, "shop")
    assert bus.wakeups.withdraw("b")
    assert not bus.wakeups.withdraw("b")
    assert [await bus.claim(), await bus.claim()] == ["a", "c"]
    assert not bus.wakeups.withdraw("a"), "it runs"
    await bus.wake("b", "shop")
    assert await bus.claim() == "b"
