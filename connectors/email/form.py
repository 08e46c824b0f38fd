"""Forms as providers post them: multipart or URL-encoded, each field in bytes until its charset is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from connectors.email.mime import Attachment, characters, clean_name, decoded
from orchestrator.errors import Malformed

MOST_FIELDS = 500


@dataclass(slots=True)
class Form:
    """Fields by name, the first of each; files by the name of their field."""

    fields: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, Attachment] = field(default_factory=dict)

    def text(self, name: str, charset: str = "utf-8") -> str:
        return characters(self.fields.get(name, b""), charset)


def read(headers: Mapping[str, str], body: bytes) -> Form:
    """Raises Malformed."""
    kind, options = parse_options_header(headers.get("content-type", ""))
    if kind == b"application/x-www-form-urlencoded":
        return encoded(body)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise Malformed("the body is no form: Content-Type is neither multipart/form-data nor urlencoded")
    gatherer = Gatherer()
    try:
        parser = MultipartParser(boundary, gatherer.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise Malformed(f"the form can't be read: {type(error).__name__}") from None
    return gatherer.form


def encoded(body: bytes) -> Form:
    try:
        pairs = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS, encoding="latin-1"
        )
    except ValueError:
        raise Malformed(f"the form has more than {MOST_FIELDS} fields") from None
    form = Form()
    for name, value in pairs:
        form.fields.setdefault(name, value.encode("latin-1"))
    return form


class Gatherer:
    """What the parser tells, put together part by part."""

    def __init__(self) -> None:
        self.form = Form()
        self.headers = Message()
        self.name = b""
        self.value = b""
        self.data = bytearray()
        self.count = 0

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self.begin,
            "on_header_field": self.header_name,
            "on_header_value": self.header_value,
            "on_header_end": self.header_end,
            "on_part_data": self.part_data,
            "on_part_end": self.end,
        }

    def begin(self) -> None:
        self.headers, self.data, self.name, self.value = Message(), bytearray(), b"", b""
        self.count += 1
        if self.count > MOST_FIELDS:
            raise Malformed(f"the form has more than {MOST_FIELDS} fields")

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self.name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def header_end(self) -> None:
        self.headers[self.name.decode("latin-1")] = self.value.decode("utf-8", "replace")
        self.name, self.value = b"", b""

    def part_data(self, data: bytes, start: int, end: int) -> None:
        self.data += data[start:end]

    def end(self) -> None:
        name = str(self.headers.get_param("name", "", "content-disposition"))
        filename = self.headers.get_filename()
        if filename is None:
            self.form.fields.setdefault(name, bytes(self.data))
            return
        kind = self.headers.get_content_type()
        called = clean_name(decoded(filename))
        self.form.files.setdefault(name, Attachment(data=bytes(self.data), mime=kind, name=called))
