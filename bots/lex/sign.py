"""Signing a request for AWS: Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).

Ours, because boto3 brings an HTTP client of its own that blocks, and this is all of it that is needed. Pure.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    access: str
    secret: str = field(repr=False)
    session: str = field(default="", repr=False)


def signed(
    keys: Keys,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    region: str,
    service: str,
    now: datetime,
) -> dict[str, str]:
    """The headers to send: those given, and Authorization, X-Amz-Date and a session's token."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    sent = {**headers, "x-amz-date": stamp, **({"x-amz-security-token": keys.session} if keys.session else {})}
    covered = {"host": urlsplit(url).netloc, **{name.lower(): " ".join(value.split()) for name, value in sent.items()}}
    names = ";".join(sorted(covered))
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical(method, url, covered, body).encode()).hexdigest()
    text = f"{ALGORITHM}\n{stamp}\n{scope}\n{digest}"
    signature = hmac.new(key(keys.secret, stamp[:8], region, service), text.encode(), "sha256").hexdigest()
    authorization = f"{ALGORITHM} Credential={keys.access}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**sent, "authorization": authorization}


def canonical(method: str, url: str, covered: Mapping[str, str], body: bytes) -> str:
    """Every step of the path is encoded twice, as for all services but S3."""
    parts = urlsplit(url)
    pairs = sorted((encoded(name), encoded(value)) for name, value in parse_qsl(parts.query, keep_blank_values=True))
    return "\n".join(
        (
            method,
            "/".join(encoded(step) for step in (parts.path or "/").split("/")),
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{covered[name]}" for name in sorted(covered)),
            "",
            ";".join(sorted(covered)),
            hashlib.sha256(body).hexdigest(),
        )
    )


def key(secret: str, day: str, region: str, service: str) -> bytes:
    derived = f"AWS4{secret}".encode()
    for step in (day, region, service, "aws4_request"):
        derived = hmac.new(derived, step.encode(), "sha256").digest()
    return derived


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")
