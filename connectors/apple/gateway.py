"""Who stands between us and Apple. `Gateway` is the seam; ours talks to Apple directly, as an approved MSP does."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import jwt
import orjson

from connectors.apple import cipher
from connectors.apple.settings import Settings
from orchestrator import sending
from orchestrator.errors import Malformed, NotFound, SendFailed, TooLarge, Unanswered, Unauthenticated
from orchestrator.ports import Clock, Http, HttpResponse
from orchestrator.types import RawRequest

LONGEST = 8192
SKEW = 60.0
LARGEST = 20_000_000
"""Bytes of an interactive message fetched by reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Where an encrypted file lies, and what opens it. `signature` is hexadecimal."""

    url: str
    owner: str
    signature: str
    key: str
    size: int = 0
    name: str = ""
    mime: str = ""


class Gateway(Protocol):
    """What an MSP's API has to be able to do; envelopes and bodies are Apple's own JSON on either side of it.

    For an MSP of another make: implement this, name it in `settings.gateway`, choose it in `connector.py`.
    """

    async def verify(self, request: RawRequest) -> None:
        """Raises Unauthenticated."""
        ...

    async def post(self, body: Mapping[str, Any], *, automated: bool) -> None:
        """One message, typing signal or form. Raises SendFailed."""
        ...

    async def fetch(self, parcel: Parcel, max_bytes: int) -> bytes:
        """The file, decrypted. Raises NotFound, TooLarge, SendFailed, Malformed."""
        ...

    async def decode(self, parcel: Parcel, bid: str) -> Mapping[str, Any]:
        """An interactive message too large for its envelope. Raises as `fetch`."""
        ...

    async def store(self, data: bytes, *, name: str, mime: str) -> Mapping[str, Any]:
        """Encrypt and upload; what a message says of the file. Raises SendFailed."""
        ...


class AppleGateway:
    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.key = settings.key()
        self.clock = clock
        self.http = http
        self.origin = urlsplit(settings.api)

    async def verify(self, request: RawRequest) -> None:
        """Apple signs no body: its token says who calls, TLS that nothing was changed."""
        scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST:
            raise Unauthenticated("an Authorization header with Apple's token is needed")
        try:
            claims = jwt.decode(
                token,
                self.key,
                algorithms=["HS256"],
                audience=self.settings.msp_id,
                # Time is ours to judge: PyJWT would ask the system's clock.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["aud"]},
            )
        except jwt.PyJWTError as error:
            hint = "are msp_id and secret those of this MSP?"
            raise Unauthenticated(f"the token is refused: {type(error).__name__}; {hint}") from None
        self.in_time(claims)

    def in_time(self, claims: Mapping[str, Any]) -> None:
        """Raises Unauthenticated."""
        now = self.clock.now().timestamp()
        issued, end = claims.get("iat", now), claims.get("exp", now)
        if not isinstance(issued, int | float) or not isinstance(end, int | float):
            raise Unauthenticated("the token's times are no numbers")
        if now - issued > self.settings.max_age or now > end + SKEW:
            raise Unauthenticated("the token is too old")
        if issued - now > SKEW:
            raise Unauthenticated("the token is not valid yet")

    def bearer(self) -> str:
        claims = {"iss": self.settings.msp_id, "iat": int(self.clock.now().timestamp())}
        return "Bearer " + jwt.encode(claims, self.key, algorithm="HS256")

    async def post(self, body: Mapping[str, Any], *, automated: bool) -> None:
        """Raises SendFailed; `unknown` when Apple may have taken it: that it drops a second one is not documented."""
        headers = {
            "content-type": "application/json",
            "id": str(body["id"]),
            "source-id": str(body["sourceId"]),
            "destination-id": str(body["destinationId"]),
        }
        if automated:
            headers["auto-reply"] = "true"
        if body["type"] == "interactive":
            headers["include-data-ref"] = "true"
        try:
            response = await self.call("POST", "message", headers, orjson.dumps(body))
        except Unanswered as error:
            raise SendFailed(f"apple may have taken it: {error}", retryable=False, reason="unknown") from None
        self.judge(response)

    async def call(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", max_bytes: int = 1_048_576
    ) -> HttpResponse:
        try:
            return await self.http.request(
                method,
                f"{self.settings.api}/{path}",
                headers={"authorization": self.bearer(), **headers},
                body=body,
                timeout=self.settings.timeout,
                max_bytes=max_bytes,
                trusted=True,
                redirects=False,
            )
        except TooLarge as error:
            raise Unanswered(f"apple answered far too much: {error}", retryable=True) from None

    def judge(self, response: HttpResponse, who: str = "apple") -> None:
        """Raises SendFailed."""
        failed = sending.failure(who, response.status, response.headers, self.clock.now())
        if failed is None:
            return
        if response.status == 410:
            raise SendFailed(f"{failed}: the customer has ended it", retryable=False, reason="opted_out")
        if response.status in (401, 403):
            hint = "the token is refused; are msp_id, secret and business_id those of this account?"
            raise SendFailed(f"{failed}: {hint}", retryable=False, reason="token_expired")
        raise failed

    async def fetch(self, parcel: Parcel, max_bytes: int) -> bytes:
        try:
            signature = base64.b64encode(binascii.unhexlify(parcel.signature)).decode()
        except (binascii.Error, ValueError):
            raise Malformed("an attachment's signature is not hexadecimal") from None
        headers = {
            "source-id": self.settings.business_id,
            "mmcs-url": parcel.url,
            "mmcs-signature": signature,
            "mmcs-owner": parcel.owner,
        }
        response = await self.call("GET", "preDownload", headers)
        if response.status in (404, 410):
            raise NotFound("apple has no such attachment any more")
        self.judge(response)
        place = str(read(response.body).get("download-url") or "")
        found = await self.http.request("GET", place, timeout=30.0, max_bytes=max_bytes, trusted=self.own(place))
        if found.status in (404, 410):
            raise NotFound("the attachment is gone: apple's addresses live for seconds")
        self.judge(found, "apple's file store")
        return cipher.decrypted(found.body, parcel.key)

    async def decode(self, parcel: Parcel, bid: str) -> Mapping[str, Any]:
        data = await self.fetch(parcel, LARGEST)
        headers = {"source-id": self.settings.business_id, "bid": bid, "accept": "*/*"}
        response = await self.call("POST", "decodePayload", headers, data, LARGEST)
        self.judge(response)
        return read(response.body)

    async def store(self, data: bytes, *, name: str, mime: str) -> Mapping[str, Any]:
        """Nobody sees it before a message names it, so it may be tried again."""
        hidden, key = cipher.encrypted(data)
        size = str(len(hidden))
        response = await self.call("GET", "preUpload", {"source-id": self.settings.business_id, "mmcs-size": size})
        self.judge(response)
        place = read(response.body)
        url = str(place.get("upload-url") or "")
        uploaded = await self.http.request(
            "POST",
            url,
            headers={"content-type": "application/octet-stream"},
            body=hidden,
            timeout=60.0,
            trusted=self.own(url),
            redirects=False,
        )
        self.judge(uploaded, "apple's file store")
        receipt = read(uploaded.body).get("singleFile")
        checksum = receipt.get("fileChecksum") if isinstance(receipt, dict) else None
        if not checksum or not place.get("mmcs-url"):
            raise SendFailed("apple took a file and did not say where", retryable=True)
        return {
            "name": name,
            "mimeType": mime,
            "size": size,
            "signature-base64": str(checksum),
            "url": str(place["mmcs-url"]),
            "owner": str(place.get("mmcs-owner") or ""),
            "key": key,
        }

    def own(self, url: str) -> bool:
        """Whether it is on the configured gateway's own origin; any other goes through the guard."""
        parts = urlsplit(url)
        return (parts.scheme, parts.netloc) == (self.origin.scheme, self.origin.netloc)


def read(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
