"""Looking up short messages: greetings, answers and the words of a shop, in the languages that have them."""

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

WORD = re.compile(r"[^\W\d_]+(?:['’\-·][^\W\d_]+)*")
MOST_WORDS = 4


def folded(text: str) -> str:
    """Lower case, without accents (people leave them out), apostrophes of one kind, words apart by one blank."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'").replace("ı", "i"))
    return " ".join(WORD.findall("".join(char for char in plain if not unicodedata.combining(char))))


class Words:
    """`phrases` holds whole entries, `words` the single words they are made of, each with its languages."""

    def __init__(self, lists: Mapping[str, str]) -> None:
        self.phrases: dict[str, set[str]] = defaultdict(set)
        self.words: dict[str, set[str]] = defaultdict(set)
        for code, listed in lists.items():
            for entry in map(folded, listed.split(",")):
                self.phrases[entry].add(code)
                for word in entry.split():
                    self.words[word].add(code)

    def lists(self, text: str) -> bool:
        """Whether the whole text is an entry of any language."""
        return folded(text) in self.phrases

    def evidence(self, text: str) -> Mapping[str, float]:
        """0..1 by language: 1 when the whole message is listed, else the share of its words, at most a half."""
        said = folded(text)
        if whole := self.phrases.get(said):
            return dict.fromkeys(whole, 1.0)
        words = said.split()
        if not words or len(words) > MOST_WORDS:
            return {}
        shares: dict[str, float] = defaultdict(float)
        for word in words:
            for code in self.words.get(word, ()):
                shares[code] += 0.5 / len(words)
        return shares


@cache
def load_words() -> Words:
    return Words(tomllib.loads(files("nlp.langid").joinpath("words.toml").read_text(encoding="utf-8")))
