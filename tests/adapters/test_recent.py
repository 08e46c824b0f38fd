"""A cache with an end."""

from orchestrator.adapters.sql.recent import Recent


def kept(cache: Recent[int, str]) -> int:
    return len(cache.young.keys() | cache.old.keys())


def test_what_was_put_is_found_until_it_is_too_much() -> None:
    cache: Recent[int, str] = Recent(100)
    for key in range(1000):
        cache.put(key, str(key), 10)
        assert cache.get(key) == str(key)
        assert kept(cache) <= 20
    assert cache.get(0) is None


def test_what_is_used_stays() -> None:
    cache: Recent[int, str] = Recent(100)
    cache.put(-1, "used", 10)
    for key in range(1000):
        cache.put(key, str(key), 10)
        assert cache.get(-1) == "used"


def test_putting_the_same_again_weighs_once() -> None:
    cache: Recent[int, str] = Recent(100)
    cache.put(1, "one", 10)
    for turn in range(1000):
        cache.put(2, str(turn), 10)
    assert cache.get(1) == "one"
    assert cache.get(2) == "999"


def test_one_that_would_push_out_everything_else_is_not_kept() -> None:
    cache: Recent[int, str] = Recent(100)
    cache.put(1, "small", 5)
    cache.put(2, "small", 5)
    cache.put(2, "grown huge", 1000)
    assert cache.get(1) == "small"
    assert cache.get(2) is None, "and what it was before is not true any more"
