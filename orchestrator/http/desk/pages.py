"""The desk's own files at /desk: static, never cached unseen, and under a policy that runs nothing else."""

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.staticfiles import StaticFiles

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # Pictures of carousels and of customers' platforms may live anywhere; blob: shows one about to be sent.
        "img-src 'self' https: data: blob:",
        "media-src 'self' https:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-cache",
}


def page_routes(folder: Path) -> APIRouter:
    """`folder` holds index.html and what it loads."""
    router = APIRouter(include_in_schema=False)
    files = StaticFiles(directory=folder)

    async def page(request: Request, path: str = "") -> Response:
        response = await files.get_response(path or "index.html", request.scope)
        response.headers.update(HEADERS)
        return response

    router.add_api_route("/desk", page, methods=["GET", "HEAD"])
    router.add_api_route("/desk/{path:path}", page, methods=["GET", "HEAD"])
    return router
