"""Keeps what must not be translated: links, addresses, numbers, codes, placeholders, markup and emoji become tokens.

`mask` puts ⟦0⟧, ⟦1⟧ … in their place, an engine translates around them, `restore` puts each back letter for letter, or
says that one is missing or came twice. Measured on Apertium 3.8: brackets of this kind pass untouched, while
`https://a.b` and `$0$` break (docs/adr/0006). No engine ever sees a digit or an @: what identifies somebody is found
first and kept whole (`pii`), and whatever no rule knows is kept by the word it stands in.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from orchestrator.understand import pii
from orchestrator.understand.glossary import Terms
from orchestrator.understand.proper import introduced, several

LINK_END = r"""[^\s<>"'⟦⟧.,;:!?)\]]"""
# Skipped in one step: nothing that is kept begins with a whole ordinary word (a quarter of the time without).
PLAIN = r"(?P<plain>(?!(?:eur|usd|gbp|chf)\b)[^\W\d_]++(?=[\s,;!?]|[.:](?!\S)|\Z))"
# Each alternative keeps one kind of thing; the first that matches at a place wins.
KINDS = rf"""
      ```.*?```|`[^`\n]+`                                         # code
    | !?\[(?=[^\[\]\n]*\]\()                                      # [label](target): the label is translated
    | \]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)
    | \[[a-z_]+:[^\[\]\s]+\]                                      # [button:CONFIRM]
    | (?<![a-z\d+.\-])(?:[a-z][a-z\d+.\-]{{0,15}}://|www\.)[^\s<>"'⟦⟧]*{LINK_END}
    | (?<![\w.+\-])[\w.+\-]++@[\w\-]+(?:\.[\w\-]+)+               # e-mail
    | (?<![\w@.\-])(?:[a-z\d\-]{{1,63}}\.){{1,5}}(?:com|org|net|io|app|shop|eu|es|it|nl|de|fr|uk|pt|example)\b
      (?:/[^\s<>"'⟦⟧]*{LINK_END})?
    | </?[a-z][^<>\n]*>|&(?:[a-z]+|\#\d+|\#x[\da-f]+);            # HTML
    | \{{\{{[^{{}}\n]*\}}\}}|[$%\#]?\{{[^{{}}\n]*\}}|%\([^()\n]*\)[a-z]|%(?=[sd]\b)[sd]
    | (?<![\w.])[@\#][\w][\w.\-]*\w|(?<![\w.])[@\#]\w             # @handle, #tag, #A-99812
    | (?-i:[A-Z]{{2}}\d{{2}}[ ]?[A-Z\d]{{4}}(?:[ ]?\d[A-Z\d]{{0,3}}){{1,7}})  # IBAN
    | (?:(?:[€$£¥₹₽₺]|\b(?:eur|usd|gbp|chf)\b)[ \u00a0]?)?
      (?:\+?\(?\d(?:[\d \u00a0().,'’/:\-]{{0,40}}\d)?(?![a-z\d])     # phone, card, price, date, time
         (?:[ \u00a0]?(?:[€£¥₹₽₺%‰°$]|\b(?:eur|usd|gbp|chf)\b))?)
    | (?<![a-z\d])(?=(?:[a-z]{{1,30}}+[\-_./+]){{0,6}}+[a-z]{{0,30}}+\d)
      [a-z\d]++(?:[\-_./+][a-z\d]++)*+                            # SAVE20, AB-12-CD, 1Z999AA1
    | (?<!\w)[^\W_]++(?:_++[^\W_]++)++                            # CONFIRM_ORDER, first_name
    | (?-i:(?<!\w)[A-Z]{{2,}}(?:-[A-Z]{{2,}})+(?!\w))
    | (?<!\w)[*_~]{{1,3}}(?=\S)|(?<=\S)[*_~]{{1,3}}(?!\w)             # emphasis
    | [0-9\#*]\ufe0f?\u20e3
    | (?:[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2190-\u21ff\u2300-\u23ff\u3030\u303d©®™]
         [\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*)+
    | (?<!\w)(?:[:;=]['’]?-?[()dpo/\\|*3\[\]](?!\w)|<3|\^\^)      # :-)
    | (?<!\S)&(?!\S)
    | [⟦⟧〚〛]+
    | [\ue000-\uf8ff]                                             # what `marked` put in, or somebody's own
"""
FLAGS = re.VERBOSE | re.IGNORECASE | re.DOTALL
KEPT = re.compile(f"{PLAIN} | {KINDS}", FLAGS)
# Words that are shouted, not names, in the languages bots are mostly written in; and currencies, kept with their sum.
SHOUTED = (
    "ALL|ALWAYS|AND|ANY|ARE|BEFORE|CAN|CANNOT|DO|DON|DONT|EVER|FREE|HOW|IF|IMPORTANT|IS|IT|MUST|MY|NEVER|NEW|NO|NOT|"
    "NOTE|NOW|OFF|ON|ONE|ONLY|OR|OUT|PLEASE|READ|SALE|SORRY|STOP|THE|THIS|TO|TODAY|VERY|WARNING|WE|YES|YOU|YOUR|"
    "GRATIS|HOY|IMPORTANTE|MUY|NUEVO|NUNCA|PARA|SIEMPRE|SOLO|SÓLO|TODO|YA|NON|MAI|SEMPRE|NUOVO|OGGI|NIET|NOOIT|NIEUW|"
    "ALTIJD|ALLEEN|NICHT|NIE|IMMER|NEU|NUR|PAS|JAMAIS|TOUJOURS|NOUVEAU|NÃO|AGORA|EUR|USD|GBP|CHF"
)
CAPITALS = rf"(?-i:(?<!\w)(?!(?:{SHOUTED})(?!\w))[A-Z]{{2,}}s?(?!\w))"
KEPT_WITH_ACRONYMS = re.compile(f"{CAPITALS} | {PLAIN} | {KINDS}", FLAGS)
CHUNK = 2000
TOKEN = re.compile(r"[⟦〚]\s*(\d+)\s*[⟧〛]|\[\[\s*(\d+)\s*\]\]")
STRAY = re.compile(r"[⟦⟧〚〛]")
MARK = re.compile(r"[\ue000-\uf8ff]")
# The last word: nothing with a digit or an @ in it passes, whatever it is.
LOOSE = re.compile(r"[\d@＠﹫]")
NUMBERED = re.compile(r"(?<![^\s⟦⟧])[^\s⟦⟧]*[\d@＠﹫][^\s⟦⟧]*")
MARKUP = re.compile(r"[*_~]{1,3}|!?\[|\]\(.*\)|</?[a-zA-Z].*>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Masked:
    """`text` with tokens in it; `kept[n]` is what ⟦n⟧ stands for."""

    text: str
    kept: tuple[str, ...] = ()

    @property
    def has_words(self) -> bool:
        """Whether anything is left to translate or to tell a language by."""
        return any(char.isalpha() for char in TOKEN.sub(" ", self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """How the texts of one message are guarded; see `mask`."""

    acronyms: bool = False
    terms: Terms | None = None
    names: tuple[str, ...] = ()
    private: tuple[pii.Kind, ...] = pii.KINDS
    proper: bool = False

    def mask(self, text: str) -> Masked:
        return mask(
            text,
            acronyms=self.acronyms,
            terms=self.terms,
            names=self.names,
            private=self.private,
            proper=self.proper,
        )


@lru_cache(maxsize=128)
def mask(
    text: str,
    *,
    acronyms: bool = False,
    terms: Terms | None = None,
    names: tuple[str, ...] = (),
    private: tuple[pii.Kind, ...] = pii.KINDS,
    proper: bool = False,
) -> Masked:
    """`acronyms`: also keep words in capitals, for texts of bots and agents; a customer's may be shouting.

    `terms` come back in their fixed translation, `names` (of people) as they are, and so do those who introduce
    themselves; `proper`: names of several words too. A turn asks for the same text several times, so the last few
    answers are remembered.
    """
    if is_machine_text(text):
        return Masked("⟦0⟧", (text,))
    masked = mask_all(KEPT, text, private)
    if acronyms and any(char.islower() for char in masked.text):
        masked = mask_all(KEPT_WITH_ACRONYMS, text, private)
    if LOOSE.search(TOKEN.sub(" ", masked.text)):
        masked = replaced(masked, NUMBERED, keep=str)
    if terms is not None:
        masked = replaced(masked, terms.pattern, keep=terms.translation)
    given = (*names, *introduced(text), *(several(text) if proper else ()))
    if pattern := pattern_of(given):
        masked = replaced(masked, pattern, keep=str)
    return masked


def mask_all(kinds: re.Pattern[str], text: str, private: tuple[pii.Kind, ...]) -> Masked:
    kept: list[str] = []
    said, marks = marked(text, private)

    def keep(found: re.Match[str]) -> str:
        if found["plain"]:
            return found[0]
        kept.append(MARK.sub(lambda mark: marks.get(mark[0], mark[0]), found[0]) if marks else found[0])
        return f"⟦{len(kept) - 1}⟧"

    return Masked("".join(kinds.sub(keep, chunk) for chunk in chunks(said)), tuple(kept))


def marked(text: str, private: tuple[pii.Kind, ...]) -> tuple[str, dict[str, str]]:
    """Each thing that identifies somebody as one character of the private use area, and what each stands for."""
    marks: dict[str, str] = {}
    found = pii.spans(text, private)
    if not found:
        return text, marks
    pieces: list[str] = []
    at = 0
    free = (mark for mark in map(chr, range(0xE000, 0xF900)) if mark not in text)
    for span, mark in zip(found, free, strict=False):
        marks[mark] = text[span.start : span.end]
        pieces += [text[at : span.start], mark]
        at = span.end
    return "".join([*pieces, text[at:]]), marks


def replaced(masked: Masked, pattern: re.Pattern[str], keep: Callable[[str], str]) -> Masked:
    """With what `pattern` finds between the tokens kept too, as `keep` says; tokens are numbered anew, in order."""
    words = between(masked)
    if not any(pattern.search(word) for word in words):
        return masked
    order = [int(one or two) for one, two in TOKEN.findall(masked.text)]
    kept: list[str] = []

    def token(said: str) -> str:
        kept.append(said)
        return f"⟦{len(kept) - 1}⟧"

    pieces = []
    for at, word in enumerate(words):
        pieces.append(pattern.sub(lambda found: token(keep(found[0])), word))
        if at < len(order):
            pieces.append(token(masked.kept[order[at]]))
    return Masked("".join(pieces), tuple(kept))


@lru_cache(maxsize=256)
def pattern_of(names: tuple[str, ...]) -> re.Pattern[str] | None:
    """Full names anywhere; one part of them where no sentence begins, and written alike: "Will" is also a word."""
    whole = [name for name in names if len(name.split()) > 1]
    parts = {part for name in names for part in name.split() if len(part) > 1 and part[0].isupper()}
    if not whole and not parts:
        return None
    full = "|".join(r"\s+".join(map(re.escape, name.split())) for name in sorted(whole, key=len, reverse=True))
    single = "|".join(re.escape(part) for part in sorted(parts, key=len, reverse=True))
    found = [rf"(?<!\w)(?:{full})(?!\w)"] if full else []
    found += [rf"(?<=[\w,;][ ])(?:{single})(?!\w)"] if single else []
    return re.compile("|".join(found))


def chunks(text: str) -> Iterator[str]:
    """Cut at blanks: one regex call holds the interpreter, and thereby every other conversation, until it is done."""
    at = 0
    while len(text) - at > CHUNK:
        blank = max(text.rfind(" ", at, at + CHUNK), text.rfind("\n", at, at + CHUNK))
        cut = blank + 1 if blank > at else at + CHUNK
        yield text[at:cut]
        at = cut
    yield text[at:]


def is_machine_text(text: str) -> bool:
    """JSON that a platform or a script sent where a person's words are expected."""
    stripped = text.strip()
    if not stripped or stripped[0] + stripped[-1] not in ("{}", "[]"):
        return False
    try:
        json.loads(stripped)
    except (ValueError, RecursionError):
        return False
    return True


def plain_words(text: str) -> str:
    """The words alone, for telling the language: everything kept is a blank."""
    return " ".join(TOKEN.sub(" ", mask(text).text).split())


def restore(translated: str, masked: Masked) -> str | None:
    """The translation with everything kept back in place; None when a token is missing, came twice or was made up."""
    if STRAY.search(TOKEN.sub("", translated)):
        return None
    pieces = TOKEN.split(translated)
    texts = pieces[::3]
    order = [int(one or two) for one, two in zip(pieces[1::3], pieces[2::3], strict=True)]
    if sorted(order) != list(range(len(masked.kept))):
        return None
    around = between(masked)
    for place, index in enumerate(order):
        before, after = around[index], around[index + 1]
        markup = MARKUP.fullmatch(masked.kept[index])
        respace = clinging if markup else apart
        texts[place], texts[place + 1] = respace(before, after, texts[place], texts[place + 1])
    kept = [masked.kept[index] for index in order]
    return texts[0] + "".join(word + text for word, text in zip(kept, texts[1:], strict=True))


def clinging(before: str, after: str, left: str, right: str) -> tuple[str, str]:
    """Markup clings to its word as it did: engines add blanks beside it."""
    apart_left, apart_right = before[-1:].isspace() or not before, after[:1].isspace() or not after
    if apart_left and not apart_right:
        return left, right.lstrip(" ")
    if apart_right and not apart_left:
        return left.rstrip(" "), right
    return left, right


def apart(before: str, after: str, left: str, right: str) -> tuple[str, str]:
    """A value stands apart as it did: engines drop the blanks beside it."""
    if before[-1:].isspace() and left[-1:].isalnum():
        left += " "
    if after[:1].isspace() and right[:1].isalnum():
        right = " " + right
    return left, right


def between(masked: Masked) -> tuple[str, ...]:
    """The words between the tokens, for engines that lose them: one more than there are tokens."""
    return tuple(TOKEN.split(masked.text)[::3])


def join(words: tuple[str, ...]) -> str:
    """`between` undone: the words with the tokens where they were."""
    return words[0] + "".join(f"⟦{index}⟧{word}" for index, word in enumerate(words[1:]))
