"""A cache that any thread may use."""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps what was used last: at least `size` of it by the weights given, at most twice as much.

    Two generations of plain dicts: what is looked up moves to the young one; when that is full the old one goes.
    A race between threads can only lose an entry.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.weight = 0
        self.young: dict[K, tuple[V, int]] = {}
        self.old: dict[K, tuple[V, int]] = {}

    def get(self, key: K) -> V | None:
        found = self.young.get(key)
        if found is None:
            found = self.old.get(key)
            if found is None:
                return None
            self.put(key, *found)
        return found[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """One heavier than a quarter of the cache is not kept: it would push everything else out."""
        if weight > self.size // 4:
            self.young.pop(key, None)
            self.old.pop(key, None)
            return
        if self.weight >= self.size:
            self.old, self.young, self.weight = self.young, {}, 0
        before = self.young.get(key)
        self.weight += weight - (before[1] if before else 0)
        self.young[key] = (value, weight)
