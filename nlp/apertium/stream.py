"""Plain text to Apertium's stream format and back, and the little that its generators leave undone.

Stream format (wiki.apertium.org/wiki/Apertium_stream_format): these characters are escaped by a backslash, and what
stands in unescaped brackets is a superblank, which is carried through untouched.
"""

import re

RESERVED = re.compile(r"[\[\]\\/@<>^${}]")
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
SUPERBLANK = re.compile(r"(?<!\\)\[((?:[^\[\]\\]|\\.)*)\]", re.DOTALL)
BLANKS = re.compile(r"[\t\r\n]+ *| {2,}")
# What apertium-destxt appends so that the tagger sees a sentence end.
FULL_STOP = ".[]"

SENTENCE_END = re.compile(r"([.!?…\n]+)")
WORD = re.compile(r"[^\W\d_]+")
SPACES = re.compile(r" {2,}")
NO_OPENING_MARKS = str.maketrans("", "", "¿¡")


def escape(text: str) -> str:
    """One text as a stream, blanks other than single spaces in superblanks. NUL ends a text: it is left out."""
    clean = text.replace("\0", "")
    pieces: list[str] = []
    at = 0
    for blank in BLANKS.finditer(clean):
        pieces.append(RESERVED.sub(lambda m: "\\" + m[0], clean[at : blank.start()]))
        pieces.append(f"[{blank[0]}]")
        at = blank.end()
    pieces.append(RESERVED.sub(lambda m: "\\" + m[0], clean[at:]))
    return "".join(pieces)


def unescape(stream: str) -> str:
    """The text of a stream: superblanks opened, escapes undone."""
    return ESCAPED.sub(r"\1", SUPERBLANK.sub(r"\1", stream))


def tidy(source_text: str, text: str, target: str) -> str:
    """Keep the edges, the spacing and the first letter's case of the source; question marks as the target has them."""
    if not SPACES.search(source_text):
        text = SPACES.sub(" ", text)
    text = same_opening(source_text, same_edges(source_text, text))
    return open_questions(text) if target == "es" else text.translate(NO_OPENING_MARKS)


def same_edges(source_text: str, text: str) -> str:
    """Generators leave a blank where a word was dropped at the edge."""
    core = source_text.strip()
    if not core:
        return text
    at = source_text.index(core)
    return source_text[:at] + text.strip() + source_text[at + len(core) :]


def same_opening(source_text: str, text: str) -> str:
    """Transfer rules begin a noun group with a capital, wherever it stands."""
    first = next((char for char in source_text if char.isalpha()), "")
    found = WORD.search(text)
    if not found or not first:
        return text
    at, word = found.start(), found[0]
    if first.isupper() and word[0].islower():
        return text[:at] + word[0].upper() + text[at + 1 :]
    if first.islower() and word[0].isupper() and word != "I" and not word[1:2].isupper():
        return text[:at] + word[0].lower() + text[at + 1 :]
    return text


def open_questions(text: str) -> str:
    """`Cuánto cuesta?` becomes `¿Cuánto cuesta?`: English has no opening mark for Apertium to carry over."""
    if "¿" in text or "¡" in text:
        return text
    pieces = SENTENCE_END.split(text)
    for at in range(0, len(pieces) - 1, 2):
        words, mark = pieces[at], pieces[at + 1]
        if mark[0] in "?!" and words.strip():
            lead = words[: len(words) - len(words.lstrip())]
            pieces[at] = f"{lead}{'¿' if mark[0] == '?' else '¡'}{words.lstrip()}"
    return "".join(pieces)
