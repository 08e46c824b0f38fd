"""The safe subset of Markdown messages are written in, in each platform's own markup. Pure and total; raw HTML is text.

Emphasis, strike-through, code, links, headings, lists, quotes, rules, line breaks: `read.read` says exactly which.
"""

from orchestrator.markup.html import to_html
from orchestrator.markup.plain import plain
from orchestrator.markup.slack import to_slack
from orchestrator.markup.telegram import to_telegram_html
from orchestrator.markup.whatsapp import to_whatsapp

__all__ = ["plain", "to_html", "to_slack", "to_telegram_html", "to_whatsapp"]
