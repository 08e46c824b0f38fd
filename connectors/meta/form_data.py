"""multipart/form-data (RFC 7578) with one file, for an Http that sends bytes."""

import re
import secrets
from collections.abc import Mapping

UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\]')


def encoded(fields: Mapping[str, str], field: str, data: bytes, *, mime: str, name: str) -> tuple[bytes, str]:
    """The body and its media type."""
    boundary = secrets.token_hex(16)
    pieces = [head(boundary, f'name="{key}"') + value.encode() + b"\r\n" for key, value in fields.items()]
    called = UNSAFE.sub("_", name or "file")
    what = f'name="{field}"; filename="{called}"'
    file = head(boundary, what, UNSAFE.sub("", mime) or "application/octet-stream") + data + b"\r\n"
    return b"".join([*pieces, file, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def head(boundary: str, what: str, mime: str = "") -> bytes:
    typed = f"Content-Type: {mime}\r\n" if mime else ""
    return f"--{boundary}\r\nContent-Disposition: form-data; {what}\r\n{typed}\r\n".encode()
