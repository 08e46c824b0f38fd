"""Translations lately made: greetings, titles of buttons and canned texts come again and again."""

from collections import OrderedDict

Key = tuple[str, str, str, str]
"""Engine, source, target and the guarded text: values of customers are tokens in it, and never kept here."""

LONGEST = 2000


class Cache:
    """The least lately used goes first. Long texts are not kept: they hardly come twice."""

    def __init__(self, size: int = 4096) -> None:
        self.size = size
        self.found: OrderedDict[Key, str] = OrderedDict()

    def get(self, key: Key) -> str | None:
        if key not in self.found:
            return None
        self.found.move_to_end(key)
        return self.found[key]

    def put(self, key: Key, translation: str) -> None:
        if len(key[3]) > LONGEST:
            return
        self.found[key] = translation
        self.found.move_to_end(key)
        if len(self.found) > self.size:
            self.found.popitem(last=False)
