"""What the API looks like: /openapi.json for programs, /docs for people. Loads nothing from anywhere else."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles
from starlette.responses import RedirectResponse, Response

from orchestrator.http.api.views import Problem
from orchestrator.types import Scope

ABOUT = """Everything Parley knows and does, for programs: conversations and their messages, customers, handoffs to
people, bots, channels, and the trace of every turn.

Ask with `Authorization: Bearer pk_…`. A key belongs to one app and holds one or more scopes: `read`, `write` (also
reads) and `admin` (everything, and the keys). Errors are `{"error": {"code", "message"}}`. Lists are pages: go on with
`cursor` set to the `next` of the page before. Times are UTC, ISO 8601.
"""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


ANSWERS = {
    400: "The request does not fit its schema; `fields` says where.",
    401: "No key, or one that is unknown or revoked.",
    403: "The key may not do this.",
    404: "Nothing of your app has this id.",
    409: "The thing is no longer as you thought.",
    429: "Too many requests; try again after Retry-After seconds.",
    503: "The database can't write now; try again.",
}
"""What any operation may answer but for its own: said here, as a route would make models for each, seven times over."""
REFERENCE = "#/components/schemas/{model}"


def schema(api: APIRouter, version: str) -> dict[str, Any]:
    """OpenAPI 3.1 of the API alone; what a browser page or a platform uses is not part of it."""
    found = get_openapi(
        title="Parley API", version=version, description=ABOUT, routes=api.routes, separate_input_output_schemas=False
    )
    schemas = found["components"]["schemas"]
    refusals = {str(code): refusal(text) for code, text in ANSWERS.items()}
    problem = Problem.model_json_schema(ref_template=REFERENCE, mode="serialization")
    schemas |= {**problem.pop("$defs", {}), Problem.__name__: problem}
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            operation["x-scope"] = needed(method, path)
            # FastAPI's own form of a validation error: ours is 400, in the form of every other error.
            operation["responses"].pop("422", None)
            operation["responses"] |= refusals
            operation["operationId"] = re.sub(r"_v1_.*", "", operation["operationId"])
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return found


def refusal(text: str) -> dict[str, Any]:
    shown = {"schema": {"$ref": REFERENCE.format(model=Problem.__name__)}}
    return {"description": text, "content": {"application/json": shown}}


def needed(method: str, path: str) -> Scope:
    """The scope an operation needs. tests/http/test_api_access.py holds it against what the operations really do."""
    if path.startswith("/v1/keys"):
        return "admin"
    if method == "get":
        return "read"
    owned = path.startswith(("/v1/bots", "/v1/channels", "/v1/links")) or path.endswith("/links")
    return "admin" if owned else "write"


def routes(api: APIRouter, folder: Path, version: str) -> APIRouter:
    """`folder` holds web/docs."""
    router = APIRouter(include_in_schema=False)

    @cache
    def described() -> bytes:
        """Made when somebody asks: it takes a fifth of the start."""
        return orjson.dumps(schema(api, version))

    files = StaticFiles(directory=folder)

    @router.get("/openapi.json")
    async def openapi() -> Response:
        return Response(described(), media_type="application/json", headers=HEADERS)

    @router.get("/docs/")
    async def slash() -> Response:
        return RedirectResponse("/docs")

    @router.api_route("/docs", methods=["GET", "HEAD"])
    @router.api_route("/docs/{path:path}", methods=["GET", "HEAD"])
    async def page(request: Request, path: str = "index.html") -> Response:
        response = await files.get_response(path, request.scope)
        response.headers.update(HEADERS)
        return response

    return router
