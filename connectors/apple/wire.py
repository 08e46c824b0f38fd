"""What Apple posts: one message in gzipped JSON, its addresses in headers and body."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from connectors.apple.gateway import Parcel
from orchestrator import codec
from orchestrator.errors import Malformed, TooLarge
from orchestrator.types import RawRequest

LARGEST = 4_194_304
"""Bytes a request may unpack to."""

GZIP = b"\x1f\x8b"


def words(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).replace("\0", "")


def listed(value: Any) -> list[Any]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapped(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def number(value: Any) -> int:
    """Apple writes sizes as numbers, and as texts."""
    text = words(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


Words = Annotated[str, BeforeValidator(words)]
Table = Annotated[dict[str, Any], BeforeValidator(mapped)]
Number = Annotated[int, BeforeValidator(number)]


class Loose(BaseModel):
    """Tolerant: unknown fields are passed over, fields of another type are empty."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Attachment(Loose):
    """Also the shape of `interactiveDataRef`."""

    name: Words = ""
    mime_type: Words = ""
    size: Number = 0
    url: Words = ""
    owner: Words = ""
    key: Words = ""
    signature: Words = ""
    signature64: Words = Field("", alias="signature-base64")
    bid: Words = ""
    title: Words = ""

    @property
    def parcel(self) -> Parcel:
        return Parcel(
            url=self.url,
            owner=self.owner,
            signature=self.signature or hexadecimal(self.signature64),
            key=self.key,
            size=self.size,
            name=self.name,
            mime=self.mime_type,
        )


Attachments = Annotated[tuple[Attachment, ...], BeforeValidator(listed)]


class Envelope(Loose):
    id: Words = ""
    type: Words = ""
    source_id: Words = ""
    destination_id: Words = ""
    body: Words = ""
    locale: Words = ""
    intent: Words = ""
    group: Words = ""
    capability_list: Words = ""
    device_agent: Words = ""
    attachments: Attachments = ()
    interactive_data: Table = Field(default_factory=dict)
    interactive_data_ref: Annotated[Attachment | None, BeforeValidator(lambda value: value or None)] = None


HEADERS = {
    "id": "id",
    "source-id": "sourceId",
    "destination-id": "destinationId",
    "capability-list": "capabilityList",
    "device-agent": "deviceAgent",
    "locale": "locale",
    "intent": "intent",
    "group": "group",
}
"""What headers say where the body does not."""


def read(request: RawRequest) -> Envelope:
    """Raises Malformed, TooLarge."""
    if request.method != "POST":
        raise Malformed(f"Apple POSTs messages; this was a {request.method}")
    try:
        found = orjson.loads(unpacked(request.body))
    except orjson.JSONDecodeError:
        raise Malformed("the body is not JSON") from None
    if not isinstance(found, dict):
        raise Malformed("the body is not a message")
    given = {key: request.headers[name] for name, key in HEADERS.items() if request.headers.get(name)}
    try:
        envelope = Envelope.model_validate(given | {key: value for key, value in found.items() if value != ""})
    except ValidationError as error:
        raise Malformed(codec.problems("message", error)) from None
    if not envelope.id or not envelope.source_id:
        raise Malformed("id and sourceId are needed, in the body or the headers")
    return envelope


def unpacked(body: bytes) -> bytes:
    """Raises TooLarge for a bomb, Malformed for what is broken."""
    if not body.startswith(GZIP):
        return body
    unzip = zlib.decompressobj(wbits=31)
    try:
        found = unzip.decompress(body, LARGEST)
    except zlib.error:
        raise Malformed("the body is not gzip, though it begins like it") from None
    if unzip.unconsumed_tail:
        raise TooLarge(f"the body unpacks to more than {LARGEST} bytes")
    if not unzip.eof:
        raise Malformed("the gzipped body breaks off")
    return found


def hexadecimal(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).hex()
    except (binascii.Error, ValueError):
        return ""


def reference(parcel: Parcel) -> str:
    """A file's handle: all that is needed to fetch it."""
    return base64.urlsafe_b64encode(orjson.dumps(parcel)).decode()


def parcel(handle: str) -> Parcel:
    """Raises Malformed."""
    try:
        found: Mapping[str, Any] = orjson.loads(base64.urlsafe_b64decode(handle))
        return Parcel(**found)
    except (binascii.Error, ValueError, TypeError):
        raise Malformed("that is no handle of an attachment of Apple's") from None
