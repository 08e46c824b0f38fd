"""Mails that came as HTML alone, as text: what was quoted below and the signature left out, nothing fetched or run.

A tokenizer of our own: that of the standard library takes quadratic time for "<a <a <a …" (half a minute for 300 KB),
and raises AssertionError for "<![".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

BLOCKS = frozenset(
    "address article aside blockquote center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li "  # noqa: SIM905
    "main nav ol p pre section table tr ul".split()
)
UNSEEN = frozenset(("head", "noscript", "script", "style", "template", "title"))
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
QUOTE_CLASSES = frozenset(
    (
        "gmail_quote",
        "gmail_extra",
        "yahoo_quoted",
        "moz-cite-prefix",
        "protonmail_quote",
        "tutanota_quote",
        "zmail_extra",
    )
)
SIGNATURE_CLASSES = frozenset(
    ("gmail_signature", "moz-signature", "protonmail_signature_block", "ms-outlook-mobile-signature")
)
SIGNATURE_IDS = frozenset(("signature", "x_signature", "ms-outlook-mobile-signature"))
LAST_IDS = frozenset(("appendonsend", "divrplyfwdmsg", "x_divrplyfwdmsg", "mail-editor-reference-message-container"))
"""Outlook puts the earlier mail behind these, not inside."""
OUTLOOK_RULES = ("border-top:solid #e1e1e1 1.0pt", "border-top:solid #b5c4df 1.0pt")
DEEPEST = 2000
LONGEST = 500_000
"""Characters of HTML that are read: a mail of more is a newsletter."""


TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
ATTRIBUTE = re.compile(r"([a-zA-Z][a-zA-Z0-9_-]{0,40})\s{0,20}(?:=\s{0,20}(\"[^\"]*\"|'[^']*'|[^\s\"'>]{1,500}))?")
RAW = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "title", "noscript", "template")}
LONGEST_TAG = 5_000


@dataclass(frozen=True, slots=True)
class Tag:
    """Attributes by lower-case name, their values in lower case."""

    name: str
    closes: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


def tokens(html: str) -> Iterator[str | Tag]:
    """Texts and tags, in order. Whatever is not closed ends with the document; every sign is looked at a few times."""
    at = 0
    while (start := html.find("<", at)) >= 0:
        if start > at:
            yield unescape(html[at:start])
        if html.startswith("<!--", start):
            end = html.find("-->", start + 4)
            at = end + 3 if end >= 0 else len(html)
        elif html.startswith(("<!", "<?"), start):
            end = html.find(">", start)
            at = end + 1 if end >= 0 else len(html)
        elif found := TAG.match(html, start):
            end = closing(html, found.end())
            if end < 0:
                return
            yield tag_of(found, html[found.end() : min(end, found.end() + LONGEST_TAG)])
            at = end + 1
            if not found[1] and (raw := RAW.get(found[2].lower())):
                close = raw.search(html, at)
                at = close.start() if close else len(html)
        else:
            yield "<"
            at = start + 1
    yield unescape(html[at:])


def closing(html: str, start: int) -> int:
    """Where the tag ends: a ">" within quotes is none, unless the quotes never end."""
    first = end = html.find(">", start)
    for _ in range(8):
        inside = html[start : min(end, start + LONGEST_TAG)]
        if end < 0 or not (inside.count('"') % 2 or (inside.count("'") % 2 and '"' not in inside)):
            break
        end = html.find(">", end + 1)
    return end if end >= 0 else first


def tag_of(found: re.Match[str], inside: str) -> Tag:
    name = found[2].lower()
    if found[1]:
        return Tag(name, closes=True)
    given = {key.lower(): unescape(value.strip("\"'")).lower() for key, value in ATTRIBUTE.findall(inside)}
    return Tag(name, attributes=given)


def text_of(html: str) -> str:
    """All the words when nothing but a quotation is in it: a mail forwarded without a word."""
    html = html[:LONGEST]
    own = Reader(quotes=False).read(html)
    return own if own.strip() else Reader(quotes=True).read(html)


class Reader:
    """`skipping` are the open elements from the outermost unseen one on."""

    def __init__(self, *, quotes: bool) -> None:
        self.quotes = quotes
        self.pieces: list[str] = []
        self.skipping: list[str] = []
        self.over = False
        self.verbatim = 0

    def read(self, html: str) -> str:
        for token in tokens(html):
            if isinstance(token, str):
                self.text(token)
            elif token.closes:
                self.end(token.name)
            else:
                self.start(token.name, token.attributes)
        found = [line.strip() for line in "".join(self.pieces).split("\n")]
        return "\n".join(line for at, line in enumerate(found) if line or (at and found[at - 1])).strip()

    def start(self, tag: str, known: Mapping[str, str]) -> None:
        if self.skipping:
            if tag not in VOID and len(self.skipping) < DEEPEST:
                self.skipping.append(tag)
            return
        self.over = self.over or (not self.quotes and ends(known))
        if tag not in VOID and (tag in UNSEEN or hidden(known) or (not self.quotes and quoted(tag, known))):
            self.skipping.append(tag)
        elif tag == "br":
            self.say("\n")
        elif tag in BLOCKS:
            self.say("\n• " if tag == "li" else "\n")
        self.verbatim += tag == "pre"

    def end(self, tag: str) -> None:
        if self.skipping:
            # Elements nobody closed end with the one around them.
            if tag in self.skipping:
                while self.skipping.pop() != tag:
                    pass
            return
        self.verbatim -= tag == "pre" and self.verbatim > 0
        if tag in BLOCKS and tag != "li":
            self.say("\n")
        elif tag in ("td", "th"):
            self.say(" ")

    def text(self, data: str) -> None:
        if not self.skipping:
            self.say(data if self.verbatim else " ".join(data.split()) if data.strip() else " ", edges=data)

    def say(self, words: str, edges: str = "") -> None:
        """`edges` is the text as it stood: a space at its ends keeps words apart."""
        if self.over:
            return
        if edges and not self.verbatim and words.strip():
            words = f"{' ' * edges[0].isspace()}{words}{' ' * edges[-1].isspace()}"
        self.pieces.append(words)


def ends(known: Mapping[str, str]) -> bool:
    style = known.get("style", "").replace(": ", ":")
    return known.get("id") in LAST_IDS or any(rule in style for rule in OUTLOOK_RULES)


def hidden(known: Mapping[str, str]) -> bool:
    return "hidden" in known or "display:none" in known.get("style", "").replace(" ", "")


def quoted(tag: str, known: Mapping[str, str]) -> bool:
    classes = frozenset(known.get("class", "").split())
    return (
        bool(classes & (QUOTE_CLASSES | SIGNATURE_CLASSES))
        or known.get("id") in SIGNATURE_IDS
        or (tag == "blockquote" and (known.get("type") == "cite" or "gmail" in known.get("class", "")))
    )
