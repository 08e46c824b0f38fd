"""The tokenizer MiniLM was trained with: lower case, no accents, words cut into the longest pieces of its vocabulary.

Follows BERT's uncased WordPiece (Devlin et al. 2018, Wu et al. 2016); the same ids as the reference, letter for letter.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from orchestrator.errors import EngineFailed

LONGEST_WORD = 100
# What takes more tokens is cut: a turn's time grows with them, and how a message ends rarely changes what it is about.
MOST_TOKENS = 128
LONGEST_TEXT = 2000
SPECIAL = ("[UNK]", "[CLS]", "[SEP]")
# Blocks of Chinese characters, each a word of its own; kana and hangul are not among them.
IDEOGRAPHS = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F)),
    *((0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
)


class WordPiece:
    """Ids of one text, [CLS] first and [SEP] last. Safe for threads: it holds the vocabulary alone."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        missing = [token for token in SPECIAL if token not in vocabulary]
        if missing:
            raise EngineFailed(f"the vocabulary lacks {missing[0]!r}; fetch the model again: 'parley models fetch'")
        self.vocabulary = vocabulary
        self.unknown, self.first, self.last = (vocabulary[token] for token in SPECIAL)
        self.pieces = lru_cache(maxsize=4096)(self.cut)

    def ids(self, text: str) -> list[int]:
        """Never empty: at least [CLS] and [SEP]."""
        found = [self.first]
        for word in words(text[:LONGEST_TEXT]):
            found += self.pieces(word)
            if len(found) >= MOST_TOKENS:
                break
        return [*found[: MOST_TOKENS - 1], self.last]

    def cut(self, word: str) -> tuple[int, ...]:
        """The longest known piece, then the longest of what is left; all of the word or [UNK]."""
        if len(word) > LONGEST_WORD:
            return (self.unknown,)
        found: list[int] = []
        start = 0
        while start < len(word):
            end = len(word)
            while (piece := self.vocabulary.get(("##" if start else "") + word[start:end])) is None:
                end -= 1
                if end == start:
                    return (self.unknown,)
            found.append(piece)
            start = end
        return tuple(found)


def words(text: str) -> Iterator[str]:
    """Runs of letters and digits in lower case without accents; each punctuation mark and ideograph by itself."""
    plain = unicodedata.normalize("NFD", text.lower())
    kept = "".join(spaced(char) for char in plain)
    return iter(kept.split())


@lru_cache(maxsize=8192)
def spaced(char: str) -> str:
    """What a character becomes: itself, nothing, a blank, or itself between blanks."""
    if char in "\t\n\r":
        return " "
    category = unicodedata.category(char)
    if char in ("\0", "\ufffd") or category in ("Mn", "Cc", "Cf", "Cs", "Co", "Cn"):
        return ""
    if category == "Zs":
        return " "
    if punctuation(char, category) or any(first <= ord(char) <= last for first, last in IDEOGRAPHS):
        return f" {char} "
    return char


def punctuation(char: str, category: str) -> bool:
    """BERT counts every ASCII mark, `$` and `^` among them."""
    return category.startswith("P") or (char.isascii() and char.isprintable() and not char.isalnum() and char != " ")


def read_vocabulary(path: Path) -> dict[str, int]:
    """One token a line; its number is its id. Raises EngineFailed."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EngineFailed(f"the model's vocabulary {path.name!r} can't be read: {error}") from None
    return {token: number for number, token in enumerate(lines)}
