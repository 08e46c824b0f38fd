"""multipart/form-data, as providers' APIs take it (RFC 7578)."""

from collections.abc import Mapping, Sequence

from connectors.email.mime import Attachment


def encoded(fields: Mapping[str, str], files: Sequence[tuple[str, Attachment]], boundary: str) -> tuple[str, bytes]:
    """Content-Type and body. A `boundary` must not occur in what is sent; a hash of it does not."""
    out = bytearray()
    for name, value in fields.items():
        out += f'--{boundary}\r\nContent-Disposition: form-data; name="{escaped(name)}"\r\n\r\n{value}\r\n'.encode()
    for name, file in files:
        called = escaped(file.name or "file")
        out += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{called}"\r\n'.encode()
        out += f"Content-Type: {file.mime}\r\n\r\n".encode() + file.data + b"\r\n"
    out += f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", bytes(out)


def escaped(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
