"""Markdown as WhatsApp and Viber write it: *bold* _italic_ ~strike~ ```code```; an address stands behind its words."""

from orchestrator.markup.signs import Style, signed
from orchestrator.markup.tree import Link, label


def to_whatsapp(text: str) -> str:
    return signed(text, WHATSAPP)


def link(found: Link, words: str) -> str:
    if label(found):
        return f"{words} ({found.href})"
    return words if found.href.startswith(("mailto:", "tel:", "https://www.")) else found.href


WHATSAPP = Style(bullet="-", code="```", safe=str, link=link)
