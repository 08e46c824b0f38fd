"""Reading markdown: blocks line by line. The work is linear in the text, whatever the text is."""

import re
from collections.abc import Iterator

from orchestrator.markup.spans import spans
from orchestrator.markup.tree import Block, Fence

OPENS = re.compile(r"[ \t]*(```|~~~)[^`\n]*")
HEADING = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+(\S.*)")
CLOSING = re.compile(r"[ \t]+#+$")
BULLET = re.compile(r"([ \t]*)[-*+•][ \t]+(\S.*)")
NUMBER = re.compile(r"([ \t]*)(\d{1,9})[.)][ \t]+(\S.*)")
QUOTE = re.compile(r"[ \t]{0,3}>[ \t>]*(.*)")
RULE = re.compile(r"[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*")


def read(text: str) -> list[Block | Fence]:
    """In order. Joined by line breaks again they are the whole text; emphasis may cross lines, never a blank one."""
    return list(blocks(text.replace("\r\n", "\n").split("\n")))


def blocks(lines: list[str]) -> Iterator[Block | Fence]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if found := OPENS.fullmatch(line):
            end = closing(lines, at + 1, found[1])
            yield Fence("\n".join(lines[at + 1 : end]))
            at = end + 1
        elif single := one(line):
            yield single
            at += 1
        elif QUOTE.fullmatch(line):
            end = following(lines, at, quote=True)
            yield Block("quote", spans("\n".join(QUOTE.sub(r"\1", quoted, count=1) for quoted in lines[at:end])))
            at = end
        else:
            end = following(lines, at, quote=False)
            yield Block("lines", spans("\n".join(lines[at:end])))
            at = end


def one(line: str) -> Block | None:
    """A block of one line, if it is such."""
    if RULE.fullmatch(line):
        return Block("rule")
    if found := HEADING.fullmatch(line):
        return Block("heading", spans(CLOSING.sub("", found[1].rstrip())))
    if found := BULLET.fullmatch(line):
        return Block("bullet", spans(found[2]), lead=found[1])
    if found := NUMBER.fullmatch(line):
        return Block("number", spans(found[3]), lead=found[1], number=found[2])
    return None


def following(lines: list[str], at: int, *, quote: bool) -> int:
    """Where the lines end that belong to this one."""
    end = at + 1
    while end < len(lines) and lines[at].strip() and lines[end].strip():
        other = lines[end]
        if bool(QUOTE.fullmatch(other)) is not quote or OPENS.fullmatch(other) or one(other):
            break
        end += 1
    return end


def closing(lines: list[str], at: int, fence: str) -> int:
    """The line that closes the fence, or the end: an open fence holds all that follows."""
    while at < len(lines) and lines[at].strip() != fence:
        at += 1
    return at
