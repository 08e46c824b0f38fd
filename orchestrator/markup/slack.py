"""Markdown as Slack's mrkdwn (docs.slack.dev/messaging/formatting-message-text)."""

from orchestrator.markup.signs import Style, signed
from orchestrator.markup.tree import Link, label


def to_slack(text: str) -> str:
    """`&`, `<` and `>` are escaped: no mention, no channel and no link but those the text has."""
    return signed(text, SLACK)


def safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(found: Link, words: str) -> str:
    if not found.safe:
        return f"{words} ({safe(found.href)})" if label(found) else words
    href = safe(found.href).replace("|", "%7C")
    return f"<{href}|{words.replace('|', '¦')}>" if label(found) else f"<{href}>"


SLACK = Style(bullet="•", code="`", safe=safe, link=link)
