"""A rendering as a mail: text and HTML that say the same, choices as links that write the answer, files attached."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from html import escape
from typing import assert_never
from urllib.parse import quote

from connectors.email.mime import Attachment, written_address
from connectors.email.settings import Settings
from connectors.email.threads import Thread, answering, our_id, tagged
from orchestrator.markup import plain, to_html
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Form,
    FormAnswer,
    ListPicker,
    Location,
    Media,
    Outgoing,
    Part,
    QuickReplies,
    Tap,
    Template,
    Text,
    Unsupported,
)

PAGE = (
    '<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>'
    '<body dir="auto" style="font:16px/1.5 system-ui,sans-serif;max-width:40em">{}</body></html>'
)
LINK = (
    '<a href="{}" style="display:inline-block;margin:.3em .4em .3em 0;padding:.45em 1em;border:1px solid #2b6cb0;'
    'border-radius:1.2em;color:#2b6cb0;text-decoration:none">{}</a>'
)

MACHINE = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "OOF, AutoReply"}
"""So that no machine answers it: RFC 3834 5, and Exchange's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`headers` are those beside From, To and Subject; `key` is our Message-ID without its host."""

    sender: str
    sender_name: str
    to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    key: str
    tracker: str
    files: tuple[Attachment, ...] = ()

    @property
    def sender_line(self) -> str:
        return written_address(self.sender_name, self.sender) if self.sender_name else self.sender

    @property
    def to_line(self) -> str:
        return self.to


@dataclass(slots=True)
class Sheet:
    """What is being written, both ways. `answer` makes the link that writes a choice back."""

    to: str
    subject: str
    message_id: str
    lines: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)

    def say(self, text: str, *, markdown: bool = False) -> None:
        if not text.strip():
            return
        self.lines.append(plain(text) if markdown else text)
        self.blocks.append(to_html(text) if markdown else f"<p>{escape(text).replace(chr(10), '<br>')}</p>")

    def offer(self, buttons: Sequence[Button], *, of: str = "") -> None:
        """A page to open, or a mail with the choice in it; readers of the text write it themselves.

        `of` is the card they stand on: a choice is written with its title, for other cards may have the same choice.
        """
        if not buttons:
            return
        self.lines.append("\n".join(f"• {one.title}: {one.url}" if one.url else f"• {one.title}" for one in buttons))
        links = (
            LINK.format(escape(one.url or self.answer(f"{one.title} {of}".strip())), escape(one.title))
            for one in buttons
        )
        self.blocks.append(f"<p>{''.join(links)}</p>")

    def answer(self, title: str) -> str:
        fields = {"subject": self.subject, "body": title, "In-Reply-To": f"<{self.message_id}>"}
        return f"mailto:{quote(self.to)}?" + "&".join(f"{name}={quote(value)}" for name, value in fields.items())


def letter(
    parts: Sequence[Part],
    outgoing: Outgoing,
    thread: Thread,
    settings: Settings,
    files: Sequence[Attachment] = (),
    *,
    automatic: bool = True,
) -> Letter:
    """`files` are the media of `parts` that could be attached; a picture has a content id and is shown."""
    message_id = our_id(outgoing, settings.host)
    subject = answering(thread.subject) or settings.subject
    reply_to = tagged(outgoing, settings)
    sheet = Sheet(to=reply_to or settings.address, subject=subject, message_id=message_id)
    for part in parts:
        write(sheet, part)
    for file in files:
        if file.content_id:
            sheet.blocks.append(f'<p><img src="cid:{file.content_id}" alt="" style="max-width:100%"></p>')
    return Letter(
        sender=settings.address,
        sender_name=settings.name,
        to=outgoing.address,
        subject=subject,
        text="\n\n".join(sheet.lines) or "…",
        html=PAGE.format("".join(sheet.blocks)),
        headers=headers(message_id, thread, reply_to) | (MACHINE if automatic else {}),
        key=message_id.rpartition("@")[0],
        tracker=f"{outgoing.id}.{outgoing.done}",
        files=tuple(files),
    )


def headers(message_id: str, thread: Thread, reply_to: str) -> dict[str, str]:
    """RFC 5322 3.6.4."""
    found = {"Message-ID": f"<{message_id}>"}
    if thread.message_id:
        found["In-Reply-To"] = f"<{thread.message_id}>"
        chain = dict.fromkeys((*thread.references, thread.message_id))
        found["References"] = " ".join(f"<{each}>" for each in chain)
    if reply_to:
        found["Reply-To"] = reply_to
    return found


def write(sheet: Sheet, part: Part) -> None:
    match part:
        case Text():
            sheet.say(part.text, markdown=part.markdown)
        case Buttons():
            sheet.say(part.text)
            sheet.offer(part.buttons)
        case QuickReplies() | ListPicker():
            sheet.say(part.text)
            sheet.say("\n".join(f"{one.title}: {one.description}" for one in part.choices if one.description))
            sheet.offer([Button(title=choice.title, payload=choice.payload) for choice in part.choices])
        case Carousel():
            for card in part.cards:
                show(sheet, card)
        case Media():
            sheet.say(part.alt)
            sheet.offer([Button(title=part.name or part.url, url=part.url)] if part.url else [])
        case Location():
            sheet.say(
                f"{part.name} {part.address} https://www.openstreetmap.org/?mlat={part.latitude}&mlon={part.longitude}"
            )
        case Template():
            sheet.say(part.text)
        case Form() | Tap() | FormAnswer() | Unsupported():
            # fit makes something else of a form; the others are never sent.
            sheet.say(getattr(part, "title", ""))
        case _:
            assert_never(part)


def show(sheet: Sheet, card: Card) -> None:
    picture = f'<img src="{escape(card.image)}" alt="{escape(card.alt)}" width="240"><br>' if card.image else ""
    below = f"<br>{escape(card.subtitle)}" if card.subtitle else ""
    sheet.lines.append("\n".join(filter(None, (card.title, card.subtitle))))
    sheet.blocks.append(f"<p>{picture}<strong>{escape(card.title)}</strong>{below}</p>")
    sheet.offer(card.buttons, of=card.title)


def message(letter: Letter) -> bytes:
    """For a mail server. Raises ValueError for an address no header can hold."""
    policy = SMTP if letter.to.isascii() and letter.sender.isascii() else SMTPUTF8
    made = EmailMessage(policy=policy)
    made["From"] = letter.sender_line
    made["To"] = letter.to_line
    made["Subject"] = letter.subject
    for name, value in letter.headers.items():
        made[name] = value
    made.set_content(letter.text)
    made.add_alternative(letter.html, subtype="html")
    page = next(part for part in made.iter_parts() if part.get_content_subtype() == "html")
    for file in letter.files:
        kind, _, subtype = file.mime.partition("/")
        if file.content_id:
            cid = f"<{file.content_id}>"
            page.add_related(
                file.data, kind, subtype or "octet-stream", cid=cid, disposition="inline", filename=file.name or None
            )
        else:
            made.add_attachment(file.data, kind, subtype or "octet-stream", filename=file.name or None)
    return bytes(made)
