"""What stands in a line: emphasis, code, links. Every repetition is bounded or stops at its own sign."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.markup.tree import Code, Inline, Link, Mark, Marked, Picture, Words

ESCAPE = r"\\(?P<escape>[\\`*_{}\[\]()#+\-.!~>|])"
CODE = r"(?<!`)(?P<ticks>`{1,3})(?!`)(?P<code>[^`]{1,2000}?(?:`{1,2}(?!`)[^`]{1,2000}?){0,8})(?<!`)(?P=ticks)(?!`)"
ADDRESS = (
    r"\(\s{{0,9}}<?(?P<{0}>[^\s()<>]{{1,2000}}+(?:\([^\s()<>]{{0,200}}\)[^\s()<>]{{0,200}})?)>?"
    r"(?:\s{{1,9}}\"[^\"\n]{{0,500}}\")?\s{{0,9}}\)"
)
PICTURE = r"!\[(?P<alt>[^\[\]\n]{0,500})\]" + ADDRESS.format("source")
LINK = r"\[(?P<label>[^\[\]\n]{1,500})\]" + ADDRESS.format("href")
AUTOLINK = r"<(?P<auto>(?:https?://|mailto:)[^<>\s]{1,2000}+)>"
BARE = r"(?P<bare>(?:https?://|www\.|mailto:)[^\s<>]{1,4000}+)"
RUN = r"(?P<run>\*{1,3}|_{1,3}|~~)"
SPAN = re.compile("|".join((ESCAPE, CODE, PICTURE, LINK, AUTOLINK, BARE, RUN)), re.IGNORECASE)
LABEL = re.compile("|".join((ESCAPE, CODE, RUN)))
UNESCAPE = re.compile(ESCAPE)
CLOSERS = "*_~.,;:!?'\")]}…"
DEEPEST = 8
"""Open marks of one sign that are remembered; the oldest is forgotten. It bounds how deep marks nest."""


@dataclass(slots=True)
class Run:
    """Signs that may open or close emphasis; `at` is the place of an open one among the nodes."""

    sign: str
    count: int
    opens: bool
    closes: bool
    at: int = 0


def spans(text: str, *, label: bool = False) -> tuple[Inline, ...]:
    """`label`: the words of a link, where no other link may stand."""
    nodes: list[Inline | Run] = []
    openers: dict[str, list[Run]] = {"*": [], "_": [], "~": []}
    for piece in pieces(text, LABEL if label else SPAN):
        if isinstance(piece, Run):
            close(piece, nodes, openers)
            if piece.count and piece.opens:
                piece.at = len(nodes)
                openers[piece.sign] = [*openers[piece.sign][1 - DEEPEST :], piece]
            if piece.count:
                nodes.append(piece)
        else:
            nodes.append(piece)
    return tuple(settled(nodes))


def pieces(text: str, pattern: re.Pattern[str]) -> Iterator[Inline | Run]:
    at = 0
    while found := pattern.search(text, at):
        start, end = found.span()
        if found.lastgroup == "run":
            piece: Inline | Run = run(found, text)
        else:
            piece, end = span(found, text)
        if start > at:
            yield Words(text[at:start])
        yield piece
        at = end
    if at < len(text):
        yield Words(text[at:])


def span(found: re.Match[str], text: str) -> tuple[Inline, int]:
    """What was found, and where it ends."""
    groups = found.groupdict()
    if (escaped := groups["escape"]) is not None:
        return Words(escaped), found.end()
    if (code := groups["code"]) is not None:
        return Code(code.strip() or code), found.end()
    if (source := groups["source"]) is not None:
        return Picture(groups["alt"].strip(), unescaped(source)), found.end()
    if (href := groups["href"]) is not None:
        return Link(spans(groups["label"], label=True), unescaped(href)), found.end()
    if (auto := groups["auto"]) is not None:
        return Link((Words(auto.removeprefix("mailto:")),), auto), found.end()
    url = trimmed(groups["bare"])
    return Link((Words(url),), url if url[:4].lower() != "www." else f"https://{url}"), found.start() + len(url)


def unescaped(url: str) -> str:
    return UNESCAPE.sub(r"\1", url)


def trimmed(url: str) -> str:
    """Without the signs that end a sentence or close emphasis; a bracket stays that was opened within."""
    end = len(url)
    while end > 1 and url[end - 1] in CLOSERS:
        if url[end - 1] == ")" and url.count("(", 0, end) >= url.count(")", 0, end):
            break
        end -= 1
    return url[:end]


def run(found: re.Match[str], text: str) -> Run:
    """By CommonMark's rules (spec.commonmark.org/0.31.2/#left-flanking-delimiter-run); over three are words."""
    sign, (start, end) = found[0][0], found.span()
    before, after = text[start - 1 : start] or " ", text[end : end + 1] or " "
    if sign in (before, after):
        return Run(sign, len(found[0]), False, False)
    left = not after.isspace() and (not punctuation(after) or before.isspace() or punctuation(before))
    right = not before.isspace() and (not punctuation(before) or after.isspace() or punctuation(after))
    if sign != "_":
        return Run(sign, end - start, left, right)
    opens, closes = left and (not right or punctuation(before)), right and (not left or punctuation(after))
    return Run(sign, end - start, opens, closes)


def punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"


def close(closer: Run, nodes: list[Inline | Run], openers: dict[str, list[Run]]) -> None:
    """Wrap what stands between this run and the latest ones that it closes."""
    while closer.closes and closer.count and openers[closer.sign]:
        opener = openers[closer.sign][-1]
        both = min(opener.count, closer.count, 2)
        mark: Mark = "strike" if closer.sign == "~" else "strong" if both == 2 else "emphasis"
        inner = tuple(settled(nodes[opener.at + 1 :]))
        del nodes[opener.at + 1 :]
        forget(openers, opener.at)
        opener.count -= both
        closer.count -= both
        if not opener.count:
            openers[opener.sign].pop()
            nodes.pop()
        nodes.append(Marked(mark, inner))


def forget(openers: dict[str, list[Run]], at: int) -> None:
    """What opened after this place and was not closed is words now."""
    for opened in openers.values():
        while opened and opened[-1].at > at:
            opened.pop()


def settled(nodes: list[Inline | Run]) -> Iterator[Inline]:
    """Runs that closed nothing as the signs they are; neighbouring words as one."""
    words: list[str] = []
    for node in nodes:
        if isinstance(node, Run):
            words.append(node.sign * node.count)
        elif isinstance(node, Words):
            words.append(node.text)
        else:
            if words:
                yield Words("".join(words))
                words = []
            yield node
    if words:
        yield Words("".join(words))
