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
