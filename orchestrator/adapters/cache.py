"""Texts kept in this process for a while: implements Cache."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

# Characters; a text and its key take about twice as many bytes.
SIZE = 4 * 1024 * 1024


class MemoryCache:
    """The least lately used goes first, once keys and values have more than `size` characters."""

    def __init__(self, size: int = SIZE) -> None:
        self.size = size
        self.weight = 0
        self.found: OrderedDict[str, str] = OrderedDict()

    async def get_many(self, keys: Sequence[str]) -> Sequence[str | None]:
        return [self.get(key) for key in keys]

    async def set_many(self, values: Mapping[str, str]) -> None:
        for key, value in values.items():
            self.put(key, value)

    def get(self, key: str) -> str | None:
        if key not in self.found:
            return None
        self.found.move_to_end(key)
        return self.found[key]

    def put(self, key: str, value: str) -> None:
        self.weight -= len(key) + len(self.found.pop(key, "")) if key in self.found else 0
        self.found[key] = value
        self.weight += len(key) + len(value)
        while self.weight > self.size:
            old, text = self.found.popitem(last=False)
            self.weight -= len(old) + len(text)
