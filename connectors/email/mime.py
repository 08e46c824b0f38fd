"""RFC 5322 and MIME as they come, not as they should be: any bytes give a Mail, or Malformed.

`email` reads with its lenient policy: the strict one raises on headers of strangers.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses, parsedate_to_datetime

from connectors.email.markup import text_of
from connectors.email.settings import ADDRESS
from orchestrator.errors import Malformed

DEEPEST = 50
MOST_PARTS = 200
MOST_ADDRESSES = 100
LONGEST_HEADER = 20_000
LONGEST_TEXT = 200_000
MESSAGE_ID = re.compile(r"<([^<>\s]{1,250})>")
SUPERSETS: Mapping[str, str] = {
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "x-unknown": "utf-8",
    "default": "utf-8",
}
"""What programs mean when they say this (encoding.spec.whatwg.org/#names-and-labels)."""
NO_CHARSETS = frozenset(
    ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "utf_7")
)
"""Codecs of Python that no mail is written in; some take quadratic time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    data: bytes
    mime: str = "application/octet-stream"
    name: str = ""
    content_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`headers` by lower-case name, in their order, decoded. Ids are without their angle brackets."""

    headers: Mapping[str, Sequence[str]]
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    unreadable: str = ""
    reports: tuple[Mapping[str, str], ...] = field(default=())
    """The groups of fields of a delivery or disposition report, names in lower case."""
    reported: Mapping[str, str] = field(default_factory=dict)
    """Headers of the mail the report is about."""

    def header(self, name: str) -> str:
        return next(iter(self.headers.get(name, ())), "")

    @property
    def message_id(self) -> str:
        found = MESSAGE_ID.search(self.header("message-id"))
        return found[1] if found else self.header("message-id").strip()[:250]

    @property
    def answers(self) -> tuple[str, ...]:
        """Ids of the mails this one is about, the nearest first."""
        nearest = MESSAGE_ID.findall(self.header("in-reply-to"))
        chain = MESSAGE_ID.findall(self.header("references"))
        return tuple(dict.fromkeys((*nearest, *reversed(chain))))[:50]

    @property
    def references(self) -> tuple[str, ...]:
        """Oldest first, this mail's own last: what an answer to it refers to."""
        return (*reversed(self.answers), *((self.message_id,) if self.message_id else ()))

    @property
    def sender(self) -> tuple[str, str]:
        """Name and address, the address in lower case; ("", "") when there is none."""
        return next(iter(self.addresses("from")), ("", ""))

    def addresses(self, name: str) -> list[tuple[str, str]]:
        values = [value[:LONGEST_HEADER] for value in self.headers.get(name, ())[:20]]
        found = getaddresses(values)[:MOST_ADDRESSES]
        known = [(called.strip(), address.strip().lower()) for called, address in found]
        return [one for one in known if ADDRESS.fullmatch(one[1])]

    @property
    def at(self) -> datetime | None:
        try:
            found = parsedate_to_datetime(self.header("date"))
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def read(raw: bytes) -> Mail:
    """Raises Malformed when these bytes hold no header at all."""
    try:
        message = BytesParser().parsebytes(raw)
    except RecursionError:
        return Mail(headers=headers_of(BytesHeaderParser().parsebytes(raw)), unreadable="nested too deeply")
    headers = headers_of(message)
    if not headers:
        raise Malformed("this is no mail: it has no headers")
    body = Body()
    body.add(message, 0)
    return Mail(
        headers=headers,
        text=body.text[:LONGEST_TEXT],
        attachments=tuple(body.attachments),
        unreadable=body.unreadable,
        reports=tuple(body.reports),
        reported=body.reported,
    )


def headers_of(message: Message) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in list(message.raw_items())[:500]:
        found.setdefault(name.lower(), []).append(decoded(str(value)))
    return found


def decoded(value: str) -> str:
    """A header with its encoded words read and its folds undone."""
    value = re.sub(r"\r?\n\s?", " ", value[:LONGEST_HEADER])
    if "=?" not in value:
        return repaired(value)
    try:
        return "".join(
            piece if isinstance(piece, str) else characters(piece, charset or "utf-8")
            for piece, charset in decode_header(value)
        )
    except (HeaderParseError, ValueError):
        return repaired(value)


def repaired(value: str) -> str:
    """Raw 8-bit bytes, which the parser keeps as surrogates."""
    if value.isascii():
        return value
    return characters(value.encode("utf-8", "surrogateescape"), "utf-8")


def characters(data: bytes, charset: str) -> str:
    """Never fails: an unknown or wrong charset is guessed at, what still can't be read is replaced."""
    name = charset.strip().strip("\"'").lower()
    name = SUPERSETS.get(name, name)
    for candidate in (name, "utf-8"):
        if candidate.replace("-", "_") in NO_CHARSETS:
            continue
        try:
            return data.decode(candidate).replace("\0", "")
        except (LookupError, UnicodeError, ValueError):
            continue
    known = name if name not in ("utf-8",) and usable(name) else "cp1252"
    return data.decode(known, "replace").replace("\0", "")


def usable(name: str) -> bool:
    try:
        b"".decode(name)
    except (LookupError, UnicodeError, ValueError):
        return False
    return name.replace("-", "_") not in NO_CHARSETS


class Body:
    """Gathers what a message is made of."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.attachments: list[Attachment] = []
        self.reports: list[Mapping[str, str]] = []
        self.reported: Mapping[str, str] = {}
        self.unreadable = ""
        self.parts = 0

    @property
    def text(self) -> str:
        return "\n".join(text.strip("\n") for text in self.texts if text.strip())

    def add(self, part: Message, depth: int) -> None:
        self.parts += 1
        if depth > DEEPEST or self.parts > MOST_PARTS:
            self.unreadable = "nested too deeply" if depth > DEEPEST else f"more than {MOST_PARTS} parts"
            return
        kind = part.get_content_type()
        if kind == "message/rfc822" or (kind.startswith("message/") and not part.is_multipart()):
            self.attach_message(part, kind)
        elif kind in ("message/delivery-status", "message/disposition-notification"):
            self.reports += [fields_of(group) for group in children(part)]
        elif kind == "multipart/alternative":
            self.add_best(children(part), depth + 1)
        elif kind == "multipart/encrypted" or kind == "application/pkcs7-mime":
            self.unreadable = "encrypted"
        elif part.is_multipart():
            for child in children(part):
                self.add(child, depth + 1)
        else:
            self.add_leaf(part, kind)

    def add_best(self, versions: Sequence[Message], depth: int) -> None:
        """Of several versions the plainest that says something; files beside them all the same."""
        best: list[str] = []
        for version in versions:
            inner = Body()
            inner.parts = self.parts
            inner.add(version, depth)
            self.parts = inner.parts
            self.attachments += inner.attachments
            self.unreadable = self.unreadable or inner.unreadable
            if inner.text.strip() and not best:
                best = inner.texts
        self.texts += best

    def add_leaf(self, part: Message, kind: str) -> None:
        name = file_name(part)
        data = payload(part)
        attached = part.get_content_disposition() == "attachment" or bool(name)
        if kind == "text/rfc822-headers":
            self.reported = first_values(headers_of(BytesHeaderParser().parsebytes(data)))
        elif kind in ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"):
            return
        elif kind in ("text/plain", "text/html") and not attached:
            text = characters(data, charset_of(part)).replace("\r\n", "\n")
            self.texts.append(text_of(text) if kind == "text/html" else unfolded(part, text))
        elif data or name:
            self.attachments.append(
                Attachment(data=data, mime=kind, name=name, content_id=str(part.get("Content-ID", "")).strip("<> "))
            )

    def attach_message(self, part: Message, kind: str) -> None:
        inner = next(iter(children(part)), None)
        if inner is None:
            return
        headers = first_values(headers_of(inner))
        if self.reports and not self.reported:
            self.reported = headers
            return
        name = (headers.get("subject", "")[:80] or "message") + ".eml"
        try:
            data = inner.as_bytes()
        except (ValueError, LookupError, KeyError, AttributeError, RecursionError):
            return
        self.attachments.append(Attachment(data=data, mime="message/rfc822", name=name))


def children(part: Message) -> list[Message]:
    found = part.get_payload()
    return [child for child in found if isinstance(child, Message)] if isinstance(found, list) else []


def payload(part: Message) -> bytes:
    try:
        found = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        found = None
    return found if isinstance(found, bytes) else b""


def charset_of(part: Message) -> str:
    try:
        return part.get_content_charset() or "utf-8"
    except (LookupError, UnicodeError, ValueError):
        return "utf-8"


def file_name(part: Message) -> str:
    """Without folders and control characters."""
    try:
        found = part.get_filename() or ""
    except (LookupError, UnicodeError, ValueError, TypeError):
        found = ""
    return clean_name(decoded(found))


def clean_name(name: str) -> str:
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(each for each in last if each.isprintable()).strip(" .")
    return shown[-120:]


def unfolded(part: Message, text: str) -> str:
    """Lines that were folded for transport made whole again (RFC 3676, format=flowed); quoted ones stay as they are."""
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    delete = str(part.get_param("delsp", "")).lower() == "yes"
    out: list[str] = []
    flowing = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        line = line[1:] if line.startswith(" ") else line
        if flowing and not quoted:
            out[-1] += line
        else:
            out.append(line)
        flowing = line.endswith(" ") and line != "-- " and not quoted
        if flowing and delete:
            out[-1] = out[-1][:-1]
    return "\n".join(out)


def fields_of(group: Message) -> dict[str, str]:
    return first_values(headers_of(group))


def first_values(headers: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {name: values[0] for name, values in headers.items()}


def written_address(name: str, address: str) -> str:
    """As a header has it, whatever the name is made of."""
    quoted = name.replace("\\", " ").replace('"', "'").replace("\n", " ")
    return f'"{quoted}" <{address}>' if quoted.strip() else f"<{address}>"


def named(file: Attachment, content_id: str) -> Attachment:
    return replace(file, content_id=content_id) if content_id else file
