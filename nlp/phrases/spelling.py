"""Typing mistakes in the words that matter: a listed word with one letter too few, too many, wrong or swapped."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

# Shorter words have too many neighbours that are words themselves (talk, walk): there only swapped letters count.
SHORTEST = 5


class Spelling:
    """By deletion: two words are one mistake apart when leaving out at most one letter of each makes them equal.

    `known` are words that are never taken for a mistake.
    """

    def __init__(self, words: Iterable[str], known: Iterable[str] = ()) -> None:
        self.words = frozenset(words)
        self.known = self.words | frozenset(known)
        self.swapped = {swap: word for word in self.words if len(word) < SHORTEST for swap in swaps(word)}
        self.without: dict[str, str] = {}
        for word in sorted(word for word in self.words if len(word) >= SHORTEST):
            for shorter in (word, *without_one(word)):
                self.without.setdefault(shorter, word)
        self.corrected = lru_cache(maxsize=4096)(self.correct)

    def correct(self, word: str) -> str:
        """The listed word it is one mistake away from; the word itself when there is none."""
        if word in self.known or len(word) > 20:
            return word
        if len(word) < SHORTEST:
            return self.swapped.get(word, word)
        if found := self.without.get(word):
            return found
        for shorter in without_one(word):
            if (found := self.without.get(shorter)) and abs(len(found) - len(word)) <= 1 and found[0] == word[0]:
                return found
        return word


def without_one(word: str) -> Iterator[str]:
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def swaps(word: str) -> Iterator[str]:
    for at in range(len(word) - 1):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
