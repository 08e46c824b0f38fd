"""The widget's files. One short-lived script; what it loads lives for ever under an address that names its content."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from orchestrator.errors import Misconfigured

ENTRY = "widget.js"
MAIN = "chat.js"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}

# Whole lines of comment, indentation and empty lines: none of the widget's strings spans lines, so nothing else goes.
SPARE = re.compile(rb"^[ \t]*(?:(?://.*|/\*.*\*/)?\n)?", re.MULTILINE)

# Any page may load the files: what they may then do is decided by the channel's origins.
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}
BRIEFLY = "public, max-age=300, stale-while-revalidate=86400"
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    plain: bytes
    packed: bytes
    media_type: str
    etag: str


class Assets:
    """Raises Misconfigured when the folder has no widget."""

    def __init__(self, folder: Path) -> None:
        self.files = {path.name: asset(path) for path in sorted(folder.glob("*.*")) if path.suffix in TYPES}
        if ENTRY not in self.files:
            raise Misconfigured(f"the widget is missing: {str(folder / ENTRY)!r} does not exist")
        whole = hashlib.sha256("".join(f"{name}{file.etag}" for name, file in self.files.items()).encode())
        self.version = whole.hexdigest()[:12]

    @property
    def base(self) -> str:
        """Where the modules of this version are, below the server's root."""
        return f"/widget/{self.version}/"

    @property
    def modules(self) -> list[str]:
        """What a page loads, the one that starts it all first: named together, they travel together."""
        others = [name for name in self.files if name.endswith(".js") and name not in (ENTRY, MAIN)]
        return [f"{self.base[1:]}{name}" for name in (MAIN, *others)]

    def routes(self) -> list[BaseRoute]:
        return [
            Route(f"/{ENTRY}", self.entry, methods=["GET"]),
            Route("/widget/{version}/{name}", self.module, methods=["GET"]),
        ]

    async def entry(self, request: Request) -> Response:
        return self.answer(request, ENTRY, BRIEFLY)

    async def module(self, request: Request) -> Response:
        """An address of an older version gets today's file, and is told to forget it soon."""
        current = request.path_params["version"] == self.version
        return self.answer(request, request.path_params["name"], FOREVER if current else BRIEFLY)

    def answer(self, request: Request, name: str, caching: str) -> Response:
        file = self.files.get(name)
        if file is None:
            return Response("no such file", 404, HEADERS, "text/plain")
        headers = {**HEADERS, "Cache-Control": caching, "ETag": file.etag}
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.packed, 200, {**headers, "Content-Encoding": "gzip"}, file.media_type)
        return Response(file.plain, 200, headers, file.media_type)


def asset(path: Path) -> Asset:
    plain = SPARE.sub(b"", path.read_bytes())
    return Asset(
        plain=plain,
        packed=gzip.compress(plain, 9, mtime=0),
        media_type=TYPES[path.suffix],
        etag=f'"{hashlib.sha256(plain).hexdigest()[:20]}"',
    )
