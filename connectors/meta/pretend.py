"""What the stand-ins of Meta's platforms share: signing what they post, answering and refusing as the Graph API."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

import orjson

from orchestrator.types import RawRequest, RawResponse

APP_ID = "900000000000001"
APP_SECRET = "stand-in-app-secret"
VERIFY_TOKEN = "stand-in-verify-token"
TOKEN = "stand-in-access-token"
PART_NAME = re.compile(rb'name="([^"]*)"')
FILE_NAME = re.compile(rb'filename="([^"]*)"')


class Refused(Exception):
    """What the platform would not take; `args` are what `refusal` needs."""


def posted(payload: Mapping[str, Any]) -> RawRequest:
    """Signed, and with escapes where Meta has them: whoever hashes anything but the raw bytes finds another digest."""
    body = json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()
    digest = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}
    return RawRequest(method="POST", path="/", headers=headers, body=body)


def said(value: Mapping[str, Any]) -> RawResponse:
    return RawResponse(body=orjson.dumps(value), media_type="application/json")


def refusal(status: int, code: int, words: str, subcode: int = 0, **headers: str) -> RawResponse:
    error = {"message": f"(#{code}) {words}", "type": "OAuthException", "code": code, "fbtrace_id": "AStandIn"}
    if subcode:
        error["error_subcode"] = subcode
    body = orjson.dumps({"error": error})
    return RawResponse(status=status, body=body, media_type="application/json", headers=headers)


def authorised(request: RawRequest, *tokens: str) -> bool:
    return request.headers.get("authorization", "") in {f"Bearer {token}" for token in tokens}


def read(request: RawRequest) -> dict[str, Any]:
    """The JSON of a call. Raises Refused."""
    try:
        found = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        raise Refused(400, 100, "Invalid parameter") from None
    if not isinstance(found, dict):
        raise Refused(400, 100, "Invalid parameter")
    return found


def form(request: RawRequest) -> tuple[dict[str, str], bytes, str]:
    """Fields, the file and its name, of a multipart body. Raises Refused."""
    _, found, boundary = request.headers.get("content-type", "").partition("boundary=")
    if not found:
        raise Refused(400, 100, "Invalid parameter")
    fields: dict[str, str] = {}
    data, called = b"", ""
    for piece in request.body.split(b"--" + boundary.encode())[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        content = content.removesuffix(b"\r\n")
        named, file = PART_NAME.search(head), FILE_NAME.search(head)
        if file:
            data, called = content, file[1].decode()
        elif named:
            fields[named[1].decode()] = content.decode()
    return fields, data, called


def subscriptions(held: dict[str, Any], request: RawRequest) -> RawResponse:
    """`/{app}/subscriptions`: where the app delivers, kept in `held`."""
    if not authorised(request, f"{APP_ID}|{APP_SECRET}"):
        return refusal(400, 190, "Invalid OAuth access token signature.")
    if request.method == "POST":
        wanted = read(request)
        held[str(wanted.get("object"))] = wanted
        return said({"success": True})
    return said({"data": [subscription(item) for item in held.values()]})


def subscription(item: Mapping[str, Any]) -> Mapping[str, Any]:
    names = str(item.get("fields", "")).split(",")
    return {
        "object": item.get("object"),
        "callback_url": item.get("callback_url"),
        "active": True,
        "fields": [{"name": name, "version": "v23.0"} for name in names],
    }
