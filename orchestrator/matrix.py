"""What each channel can show, as a table of the docs: written from the connectors' Limits by `make docs`."""

from collections.abc import Callable, Mapping

from orchestrator.preview import installed
from orchestrator.types import Limits

HEAD = """# What each channel can show

Written from the connectors' `limits` by `make docs`; do not edit the table. A message says what it has to say once,
with the richest parts there are; what a channel can't show takes the nearest form it can, and the trace of the turn
lists what was lost. `parley preview message.toml` shows one message on all of these, and so does **Preview on every
channel** in the menu of the desk, drawn as customers will see it.

"""
TAIL = """
- A number is how many there may be; "–" is none, "yes" any. Lengths are in the platform's own unit: UTF-16 units,
  bytes, or septets of SMS (a text that the GSM alphabet can't write fits 7/16 as many UTF-16 units).
- **Too many choices** become the nearest native form that holds them (buttons → list → up to three messages), else
  numbered text. What customers type ("2", "two", "the second one", the title, the title with a slip) counts as the
  tap, as long as the choice is open.
- **Carousels** become one card after the other: picture, words, buttons; then text with links.
- **Forms** are asked field by field where there are none (or by a link to a page, with `form = "link"`): each
  answer is checked (e-mail, telephone, number, date, options), "back" and "cancel" work in the customer's language,
  "skip" leaves out what is optional, and the bot gets one form answer, as from a native form. A person who takes
  over pauses the form; it goes on where it was when the bot has the conversation again.
- **Media** that is not taken becomes a file, else a link; a **location** a link to a map; a **template** its text.
- **Long texts** are split at paragraphs, lines, sentences, spaces, in this order of taste, and never inside a
  character, an address or a number. Formatting is written in the platform's own markup, or left out.
- Accounts may differ from the table where a setting says so (WhatsApp shows forms only with its flows configured,
  for example).
"""


def count(number: int) -> str:
    return str(number) if number else "–"


def yes(held: bool) -> str:
    return "yes" if held else "–"


def sized(number: int, length: int) -> str:
    return f"{number} × {length}" if number else "–"


COLUMNS: Mapping[str, Callable[[Limits], str]] = {
    "text": lambda limits: f"{limits.text} {limits.unit}",
    "formatting": lambda limits: yes(limits.markup != "none"),
    "quick replies": lambda limits: sized(limits.quick_replies, limits.quick_reply_title),
    "buttons": lambda limits: sized(limits.buttons, limits.button_title),
    "link buttons": lambda limits: "alone" if limits.link_buttons and limits.lone_link else yes(limits.link_buttons),
    "list": lambda limits: sized(limits.list_rows, limits.list_title),
    "carousel": lambda limits: count(limits.cards),
    "form": lambda limits: yes(limits.form),
    "location": lambda limits: yes(limits.location),
    "media": lambda limits: ", ".join(sorted(limits.media)) or "–",
    "payload": lambda limits: f"{limits.payload} bytes",
    "templates": lambda limits: yes(limits.templates),
    "window": lambda limits: f"{limits.window / 3600:g} h" if limits.window else "–",
    "typing": lambda limits: yes(limits.typing),
}


def matrix() -> str:
    """The whole page, as Markdown."""
    lines = [f"| channel | {' | '.join(COLUMNS)} |", "| --- " * (len(COLUMNS) + 1) + "|"]
    for kind, limits in installed().items():
        lines.append(f"| `{kind}` | {' | '.join(column(limits) for column in COLUMNS.values())} |")
    return HEAD + "\n".join(lines) + "\n" + TAIL
