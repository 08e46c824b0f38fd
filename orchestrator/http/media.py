"""Serving `/media/…`, and judging what somebody wants to upload."""

from collections.abc import Collection
from typing import NamedTuple, Protocol

from fastapi import APIRouter
from starlette.responses import FileResponse

from orchestrator.adapters import sniff
from orchestrator.adapters.filenames import safe_name
from orchestrator.adapters.files import Stored
from orchestrator.errors import Malformed, TooLarge
from orchestrator.incoming import media_kind
from orchestrator.types import MediaKind

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
"""Types a browser may show in place: they can't run anything."""

UPLOADS = IMAGES | {"application/pdf", "text/plain", "text/csv", "audio/*", "video/*"}
"""What a customer or agent may send unless a channel says otherwise."""

# The URL can't be guessed but is shown to the customer's browser only: a shared cache has no business with it.
# Cross-origin: the widget stands on the shop's page and loads pictures from here.
HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Shelf(Protocol):
    """Where files lie, as adapters.files.LocalFiles has it. Raises NotFound."""

    async def locate(self, path: str) -> Stored: ...


class Upload(NamedTuple):
    """What an upload turned out to be."""

    mime: str
    kind: MediaKind
    name: str


def router(files: Shelf) -> APIRouter:
    routes = APIRouter()

    @routes.api_route("/media/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def media(path: str) -> FileResponse:
        stored = await files.locate(f"/media/{path}")
        return FileResponse(
            stored.path,
            media_type=sniff.UNKNOWN if stored.mime in sniff.ACTIVE else stored.mime,
            filename=stored.name,
            content_disposition_type="inline" if stored.mime in IMAGES else "attachment",
            headers=HEADERS,
        )

    return routes


def check_upload(
    data: bytes, declared_mime: str, name: str, *, max_bytes: int, allowed: Collection[str] = UPLOADS
) -> Upload:
    """Raises TooLarge, or Malformed: empty, not what it is declared as, or of a type that is not in `allowed`.

    `allowed` holds types and families ("audio/*"). Pages and scripts, SVG among them, are refused whatever it says.
    """
    if len(data) > max_bytes:
        raise TooLarge(f"the file has {len(data)} bytes; {max_bytes} are allowed")
    if not data:
        raise Malformed("the file is empty")
    mime = sniff.settle(data, declared_mime)
    if mime in sniff.ACTIVE or not {mime, f"{mime.partition('/')[0]}/*"} & set(allowed):
        raise Malformed(f"files of type {mime!r} can't be sent here; allowed: {', '.join(sorted(allowed))}")
    return Upload(mime, media_kind(mime), safe_name(name, mime))
