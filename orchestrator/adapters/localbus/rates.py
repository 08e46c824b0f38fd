"""Rate limits by the generic cell rate algorithm: a token bucket whose whole state is one number per key."""

from collections import OrderedDict

# A clock reads about 1e5 s with 1e-11 s of rounding a step: far below this, and nobody waits for a microsecond.
ROUNDING = 1e-6


class Rates:
    """`full[key]` is when the key's bucket will be full again; from then on the key is forgotten.

    Up to `limit` uses at once, then one each `per / limit` seconds. Memory is bounded by the keys used within
    their last window: each use looks at the two entries longest not looked at, and drops those that expired.
    """

    def __init__(self) -> None:
        self.full: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str, limit: int, per: float, now: float) -> float:
        """0.0 when allowed, else seconds until it would be. A use that is refused does not count."""
        self.forget(now)
        if limit < 1:
            return per
        after = max(self.full.get(key, now), now) + per / limit
        wait = after - per - now
        if wait > ROUNDING:
            return wait
        self.full[key] = after
        return 0.0

    def forget(self, now: float) -> None:
        for _ in range(min(2, len(self.full))):
            key, full = next(iter(self.full.items()))
            if full <= now:
                del self.full[key]
            else:
                self.full.move_to_end(key)


class Holds:
    """Until when something must not be used at all, by key. Expired ones are dropped when any is set."""

    def __init__(self) -> None:
        self.until: dict[str, float] = {}

    def hold(self, key: str, seconds: float, now: float) -> None:
        """Never shortens a hold."""
        self.until = {held: until for held, until in self.until.items() if until > now}
        self.until[key] = max(self.until.get(key, now), now + seconds)

    def left(self, key: str, now: float) -> float:
        return max(self.until.get(key, now) - now, 0.0)


class Used:
    """Keys that were used, until they are forgotten; each use drops the expired ones among the two oldest."""

    def __init__(self) -> None:
        self.until: OrderedDict[str, float] = OrderedDict()

    def once(self, key: str, ttl: float, now: float) -> bool:
        for _ in range(min(2, len(self.until))):
            oldest, until = next(iter(self.until.items()))
            if until <= now:
                del self.until[oldest]
            else:
                self.until.move_to_end(oldest)
        if self.until.get(key, now) > now:
            return False
        self.until[key] = now + ttl
        return True
