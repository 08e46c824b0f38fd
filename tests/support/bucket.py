"""An S3 server with one bucket, on loopback: it verifies signatures by its own reading of the specification."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from orchestrator.config import MediaSettings
from tests.support.site import listening

KEY_ID, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1"


@dataclass
class Bucket:
    name: str = "parley-media"
    url: str = ""
    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    broken: int = 0
    """So many of the next requests are answered 503."""

    def settings(self, **more: object) -> MediaSettings:
        given = {"store": "s3", "url": self.url, "bucket": self.name, "region": REGION, "key_id": KEY_ID}
        return MediaSettings.model_validate({**given, "secret": SECRET, **more})

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.append(f"{request.method} {request.raw_path}")
        if self.broken:
            self.broken -= 1
            return web.Response(status=503)
        if not signed(request, body):
            return web.Response(status=403)
        name, _, key = request.raw_path.removeprefix("/").partition("/")
        if name != self.name:
            return web.Response(status=404)
        return self.answer(request, key, body)

    def answer(self, request: web.Request, key: str, body: bytes) -> web.Response:
        if not key:
            return web.Response()
        if request.method == "PUT":
            kept = {name: text for name, text in request.headers.items() if name.lower().startswith("x-amz-meta-")}
            self.objects[key] = (body, {**kept, "Content-Type": request.headers["Content-Type"]})
            return web.Response()
        if key not in self.objects:
            return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")
        data, headers = self.objects[key]
        return web.Response(body=data, headers=headers)


def signed(request: web.Request, body: bytes) -> bool:
    """Steps 1 to 4 of "Signature Calculations for the Authorization Header", from what came over the wire."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    fields = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
    if scheme != "AWS4-HMAC-SHA256" or not {"Credential", "SignedHeaders", "Signature"} <= set(fields):
        return False
    digest = hashlib.sha256(body).hexdigest()
    key_id, day, region, service, _ = fields["Credential"].split("/")
    names = fields["SignedHeaders"].split(";")
    path, _, query = request.raw_path.partition("?")
    lines = [request.method, path, query, *(f"{name}:{request.headers[name].strip()}" for name in names)]
    canonical = "\n".join([*lines, "", ";".join(names), digest])
    scope = f"{day}/{region}/{service}/aws4_request"
    to_sign = "\n".join(
        ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
    )
    secret = ("AWS4" + SECRET).encode()
    for word in (day, region, service, "aws4_request", to_sign):
        secret = hmac.digest(secret, word.encode(), "sha256")
    return (
        (key_id, region, service) == (KEY_ID, REGION, "s3")
        and {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names)
        and request.headers["x-amz-content-sha256"] == digest
        and secret.hex() == fields["Signature"]
    )


@asynccontextmanager
async def running_bucket() -> AsyncIterator[Bucket]:
    bucket = Bucket()
    async with listening(web.route("*", "/{path:.*}", bucket.handle)) as bucket.url:
        yield bucket
