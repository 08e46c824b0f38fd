"""What Meta posts to a hook: the handshake, the signature over the exact bytes, the envelope."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.meta.settings import MetaSettings
from orchestrator import incoming
from orchestrator.errors import Malformed, Unauthenticated
from orchestrator.types import RawRequest, RawResponse

TAKEN = RawResponse(body=b"EVENT_RECEIVED")
MAX_BYTES = 4 * 1024 * 1024
"""A delivery holds up to a thousand updates and 3 MB (developers.facebook.com/docs/whatsapp/cloud-api/webhooks)."""
MILLISECONDS = 100_000_000_000
"""A larger number of seconds would be after the year 5000: then they are thousandths, as some statuses have them."""
HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def verify(request: RawRequest, settings: MetaSettings) -> None:
    """The handshake by its token, a delivery by its signature. Raises Unauthenticated."""
    if request.method == "GET":
        shake(request.query, settings.verify_token.get_secret_value())
        return
    scheme, _, given = request.headers.get("x-hub-signature-256", "").partition("=")
    if scheme != "sha256" or not given:
        raise Unauthenticated("header X-Hub-Signature-256 is missing; only Meta delivers here")
    if not hmac.compare_digest(given.encode(), signature(settings, request.body).encode()):
        raise Unauthenticated("wrong signature: is app_secret that of the app which delivers here?")


def signature(settings: MetaSettings, body: bytes) -> str:
    return hmac.new(settings.app_secret.get_secret_value().encode(), body, hashlib.sha256).hexdigest()


def shake(query: Mapping[str, str], token: str) -> None:
    """Meta asks whether this hook is ours (developers.facebook.com/docs/graph-api/webhooks/getting-started)."""
    if query.get("hub.mode") != "subscribe":
        raise Unauthenticated("this is where Meta delivers; a GET must be its handshake")
    if not token:
        raise Unauthenticated("verify_token is not set; choose one, and give it to Meta as well")
    if not hmac.compare_digest(query.get("hub.verify_token", "").encode(), token.encode()):
        raise Unauthenticated("wrong hub.verify_token: it is not the verify_token of this channel")


def answer(request: RawRequest) -> RawResponse:
    if request.method == "GET":
        return RawResponse(body=request.query.get("hub.challenge", "").encode())
    return TAKEN


def entries(request: RawRequest, product: str) -> Iterator[Mapping[str, Any]]:
    """The entries of a delivery about `product`; none of one about another product of the app. Raises Malformed."""
    if request.method != "POST":
        return
    found = loaded(request.body)
    if not isinstance(found, dict):
        raise Malformed("the body is not an object")
    if found.get("object") == product:
        yield from objects(found.get("entry"))


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; whatever else comes in its place counts as none."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def loaded(body: bytes) -> Any:
    """The JSON. Half a character, of an emoji that somebody cut, becomes a question mark. Raises Malformed."""
    try:
        return incoming.read_json(body)
    except Malformed:
        if not HALF.search(body):
            raise
    try:
        mended = json.dumps(json.loads(body), ensure_ascii=False).encode(errors="replace")
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON") from None
    return incoming.read_json(mended)


def moment(value: Any, now: datetime) -> datetime:
    """A time in seconds or thousandths since 1970, never later than now; now for what is no time."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return now
    return incoming.moment(number / 1000 if number > MILLISECONDS else number, now)


def stale(at: datetime, now: datetime, settings: MetaSettings) -> bool:
    return settings.oldest_days > 0 and now - at > timedelta(days=settings.oldest_days)
