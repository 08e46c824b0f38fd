"""AWS Signature Version 4, in the Authorization header.

Source: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, quote, unquote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
USUAL = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    id: str
    secret: str = field(repr=False)
    region: str
    service: str = "s3"


def sign(key: Key, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> dict[str, str]:
    """`headers` and those that sign them, Host aside, which the client sends by itself."""
    parts = urlsplit(url)
    day, moment = f"{now:%Y%m%d}", f"{now:%Y%m%dT%H%M%SZ}"
    digest = hashlib.sha256(body).hexdigest()
    sent = {**headers, "x-amz-content-sha256": digest, "x-amz-date": moment}
    signed = {name.lower(): " ".join(value.split()) for name, value in sent.items()} | {"host": host(url)}
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        (
            method,
            quote(unquote(parts.path or "/"), safe="/~"),
            query(parts.query),
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            digest,
        )
    )
    scope = f"{day}/{key.region}/{key.service}/aws4_request"
    text = "\n".join((ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(signing_key(key, day), text.encode(), hashlib.sha256).hexdigest()
    sent["Authorization"] = f"{ALGORITHM} Credential={key.id}/{scope},SignedHeaders={names},Signature={signature}"
    return sent


def signing_key(key: Key, day: str) -> bytes:
    found = f"AWS4{key.secret}".encode()
    for step in (day, key.region, key.service, "aws4_request"):
        found = hmac.new(found, step.encode(), hashlib.sha256).digest()
    return found


def host(url: str) -> str:
    """As a client says it: without the usual port."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    bracketed = f"[{name}]" if ":" in name else name
    return bracketed if parts.port in (None, USUAL.get(parts.scheme)) else f"{bracketed}:{parts.port}"


def query(text: str) -> str:
    pairs = parse_qsl(text, keep_blank_values=True)
    return "&".join(sorted(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs))
