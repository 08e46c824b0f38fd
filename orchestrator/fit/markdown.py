"""Markdown as plain text: what a reader would see, with structure kept by line breaks and bullets."""

import re

# Every repetition that could run on is bounded, or stops at its own sign: these patterns meet hostile text.
FENCE = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(?<!`)(`{1,3})(?!`)(.{1,2000}?)(?<!`)\1(?!`)", re.DOTALL)
ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!~>|])")
ADDRESS = (
    r"\(\s{0,9}<?([^\s()<>]{1,2000}(?:\([^\s()<>]{0,200}\)[^\s()<>]{0,200})?)>?(?:\s{1,9}\"[^\"\n]{0,500}\")?\s{0,9}\)"
)
IMAGE = re.compile(r"!\[([^\[\]\n]{0,500})\]" + ADDRESS)
LINK = re.compile(r"(?<!!)\[([^\[\]\n]{1,500})\]" + ADDRESS)
AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^>\s]{1,2000})>")
BARE = re.compile(r"(?:https?://|www\.|mailto:)[^\s<>]+", re.IGNORECASE)
HEADING = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+([^\n]*)$", re.MULTILINE)
CLOSING = re.compile(r"[ \t]#+$")
LINES = (
    (re.compile(r"^([ \t]*)[-*+][ \t]+", re.MULTILINE), r"\1• "),
    (re.compile(r"^[ \t]{0,3}(?:>[ \t]?)+", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*$", re.MULTILINE), "———"),
)
SPANS = (
    re.compile(r"(\*\*\*|\*\*)(?=\S)(.{1,600}?)(?<=\S)\1", re.DOTALL),
    re.compile(r"(?<!\w)(___|__)(?=\S)(.{1,600}?)(?<=\S)\1(?!\w)", re.DOTALL),
    re.compile(r"(?<!\*)(\*)(?![\s*])([^*\n]+?)(?<![\s*])\1(?!\*)"),
    re.compile(r"(?<![\w_])(_)(?![\s_])([^_\n]+?)(?<![\s_])\1(?![\w_])"),
    re.compile(r"(~~)(?=\S)(.{1,600}?)(?<=\S)\1", re.DOTALL),
)
KEPT = "\ue000{}\ue001"
KEEPER = re.compile("\ue000(\\d+)\ue001")


def plain(text: str) -> str:
    """Code and addresses come out letter for letter. Empty only when there was nothing but signs."""
    if not any(sign in text for sign in "*_`[#>-+~\\<"):
        return text
    kept: list[str] = []

    def keep(words: str) -> str:
        kept.append(words)
        return KEPT.format(len(kept) - 1)

    text = text.replace("\ue000", "").replace("\ue001", "")
    text = FENCE.sub(lambda found: keep(found[2].rstrip("\n")), text)
    text = CODE.sub(lambda found: keep(found[2].strip() or found[2]), text)
    text = ESCAPE.sub(lambda found: keep(found[1]), text)
    text = IMAGE.sub(lambda found: keep(linked(found[1], found[2])), text)
    text = LINK.sub(lambda found: labelled(found[1], keep(found[2]), found[2]), text)
    text = AUTOLINK.sub(lambda found: keep(found[1].removeprefix("mailto:")), text)
    text = BARE.sub(lambda found: keep(found[0]), text)
    text = HEADING.sub(lambda found: CLOSING.sub("", found[1].rstrip()), text)
    for pattern, replacement in LINES:
        text = pattern.sub(replacement, text)
    for pattern in SPANS:
        text = pattern.sub(r"\2", text)
    return restored(text, kept)


def restored(text: str, kept: list[str]) -> str:
    """What was kept apart may itself hold something kept apart (an escape inside a link's address)."""
    for _ in range(3):
        if "\ue000" not in text:
            break
        text = KEEPER.sub(lambda found: kept[int(found[1])] if int(found[1]) < len(kept) else "", text)
    return text


def linked(label: str, url: str) -> str:
    return f"{label}: {url}" if label.strip() and label.strip() != url else url


def labelled(label: str, kept: str, url: str) -> str:
    """The label stays open to emphasis, the address does not."""
    bare = url.removeprefix("mailto:").removeprefix("https://").removeprefix("http://").rstrip("/")
    return kept if label.strip().rstrip("/") in (url.rstrip("/"), bare) else f"{label} ({kept})"


def balanced(text: str) -> bool:
    """Whether this piece of markdown can stand alone: no emphasis, code or link that begins and does not end."""
    return (
        text.count("**") % 2 == 0
        and text.count("`") % 2 == 0
        and text.count("~~") % 2 == 0
        and text.count("[") == text.count("]")
        and text.count("](") == len(LINK.findall(text)) + len(IMAGE.findall(text))
    )
