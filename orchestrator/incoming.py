"""Reading what a platform posted, for every connector: what can't be kept is left out, what can't be read told."""

import re
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from orchestrator.errors import Malformed, TooLarge
from orchestrator.types import MediaKind, RawRequest

# An escaped NUL, but not an escaped backslash before the letters "u0000": PostgreSQL's text can't hold it.
NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
DEEPEST = 100
MOST_FIELDS = 1000
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def read_json(body: bytes) -> Any:
    """Raises Malformed, also for what is nested more than `DEEPEST` levels deep or holds half a character."""
    if b"\\u0000" in body:
        body = NUL.sub(rb"\1", body)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON (line {error.lineno}, column {error.colno})") from None
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        check_depth(found)
    return found


def check_depth(found: Any) -> None:
    """Raises Malformed. Nobody's message is that deep, and whatever reads it by recursion would break."""
    level: list[Any] = [found]
    for _ in range(DEEPEST + 1):
        level = [inner for value in level for inner in inside(value) if isinstance(inner, dict | list)]
        if not level:
            return
    raise Malformed(f"the body is nested more than {DEEPEST} levels deep")


def inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def inflated(request: RawRequest, most: int) -> bytes:
    """The body, unpacked where it says that it is packed. For connectors whose platform packs what it posts.

    At most `most` bytes come out, however small what went in. Raises TooLarge and Malformed.
    """
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding in ("", "identity"):
        return request.body
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise Malformed(f"the body is packed as {coding[:40]!r}, which nobody here unpacks")
    unpacker = zlib.decompressobj(wbits=47)  # zlib or gzip, as the first bytes say
    try:
        data = unpacker.decompress(request.body, most + 1)
    except zlib.error:
        raise Malformed(f"the body can't be unpacked as {coding!r}") from None
    if len(data) > most:
        raise TooLarge(f"the body has more than {most} bytes when it is unpacked")
    if not unpacker.eof:
        raise Malformed(f"the body breaks off: not all of it is there to be unpacked as {coding!r}")
    return data


def form_pairs(request: RawRequest) -> list[tuple[str, str]]:
    """Of a body in application/x-www-form-urlencoded, in order, repeated keys too. Raises Malformed."""
    return pairs(request.body.decode("latin-1"), "body")


def query_pairs(request: RawRequest) -> list[tuple[str, str]]:
    """Of the URL, in order; `request.query` has only the last of repeated keys. Raises Malformed."""
    return pairs(urlsplit(request.url).query, "query") if request.url else list(request.query.items())


def pairs(text: str, what: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except UnicodeDecodeError:
        raise Malformed(f"the {what} is not in UTF-8") from None
    except ValueError:
        raise Malformed(f"the {what} has more than {MOST_FIELDS} fields") from None


def moment(seconds: float, now: datetime) -> datetime:
    """When a platform says it happened, in seconds since 1970; never later than now, which stands for nonsense too."""
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return min(at, now) if at >= EARLIEST else now


def without_nulls(value: Any) -> Any:
    """An object without the fields that are null, which means to platforms what leaving them out means."""
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


def media_kind(mime: str) -> MediaKind:
    """What a file is to a customer, by its type."""
    if mime == "image/gif":
        return "gif"
    match mime.partition("/")[0]:
        case "image":
            return "image"
        case "audio":
            return "audio"
        case "video":
            return "video"
    return "file"
