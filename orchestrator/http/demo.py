"""The demo shop: a checkout page at `/` with the chat in its corner, under the strictest policy the chat works with."""

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.staticfiles import StaticFiles

# No 'unsafe-inline', no eval, no data: or blob:, no strings turned into HTML: what the widget needs is all 'self'.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def router(folder: Path, media: Path) -> APIRouter:
    """`folder` holds index.html and what it loads from /demo/; `media` the pictures the shop's bot sends."""
    routes = APIRouter(include_in_schema=False)
    files = StaticFiles(directory=folder)
    pictures = StaticFiles(directory=media)

    async def page(request: Request, path: str = "") -> Response:
        response = await files.get_response(path or "index.html", request.scope)
        response.headers.update(HEADERS)
        return response

    async def picture(request: Request, path: str) -> Response:
        return await pictures.get_response(path, request.scope)

    routes.add_api_route("/", page, methods=["GET", "HEAD"])
    routes.add_api_route("/demo/media/{path:path}", picture, methods=["GET", "HEAD"])
    routes.add_api_route("/demo/{path:path}", page, methods=["GET", "HEAD"])
    return routes
