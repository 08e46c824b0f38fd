"""Mails that came as HTML alone, as text: what was quoted below and the signature left out, nothing fetched or run."""

from html.parser import HTMLParser

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


def text_of(html: str) -> str:
    """All the words when nothing but a quotation is in it: a mail forwarded without a word."""
    own = Reader(quotes=False).read(html)
    return own if own.strip() else Reader(quotes=True).read(html)


class Reader(HTMLParser):
    """`skipping` are the open elements from the outermost unseen one on."""

    def __init__(self, *, quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.quotes = quotes
        self.pieces: list[str] = []
        self.skipping: list[str] = []
        self.over = False
        self.verbatim = 0

    def read(self, html: str) -> str:
        self.feed(html)
        self.close()
        lines = "".join(self.pieces).split("\n")
        found = [line.strip() for line in lines]
        return "\n".join(line for at, line in enumerate(found) if line or (at and found[at - 1])).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.skipping:
            if tag not in VOID and len(self.skipping) < DEEPEST:
                self.skipping.append(tag)
            return
        known = {name: (value or "").lower() for name, value in attrs}
        self.over = self.over or (not self.quotes and ends(known))
        if tag not in VOID and (tag in UNSEEN or hidden(known) or (not self.quotes and quoted(tag, known))):
            self.skipping.append(tag)
        elif tag == "br":
            self.say("\n")
        elif tag in BLOCKS:
            self.say("\n• " if tag == "li" else "\n")
        self.verbatim += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
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

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.say(data if self.verbatim else " ".join(data.split()) if data.strip() else " ", edges=data)

    def say(self, words: str, edges: str = "") -> None:
        """`edges` is the text as it stood: a space at its ends keeps words apart."""
        if self.over:
            return
        if edges and not self.verbatim and words.strip():
            words = f"{' ' * edges[0].isspace()}{words}{' ' * edges[-1].isspace()}"
        self.pieces.append(words)


def ends(known: dict[str, str]) -> bool:
    style = known.get("style", "").replace(": ", ":")
    return known.get("id") in LAST_IDS or any(rule in style for rule in OUTLOOK_RULES)


def hidden(known: dict[str, str]) -> bool:
    return "hidden" in known or "display:none" in known.get("style", "").replace(" ", "")


def quoted(tag: str, known: dict[str, str]) -> bool:
    classes = frozenset(known.get("class", "").split())
    return (
        bool(classes & (QUOTE_CLASSES | SIGNATURE_CLASSES))
        or known.get("id") in SIGNATURE_IDS
        or (tag == "blockquote" and (known.get("type") == "cite" or "gmail" in known.get("class", "")))
    )
