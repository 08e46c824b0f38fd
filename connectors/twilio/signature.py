"""X-Twilio-Signature (twilio.com/docs/usage/security): HMAC-SHA1 over the address as Twilio called it and the fields.

The address is that of our configuration, never of a header: whoever may set one would choose what was signed.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from orchestrator.errors import Unauthenticated
from orchestrator.types import RawRequest

MOST_FIELDS = 500
PORTS = {"https": 443, "http": 80}

Pairs = Sequence[tuple[str, str]]


def pairs(body: bytes) -> Pairs:
    """Raises ValueError for more fields than any message has."""
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)


def signature(token: str, url: str, fields: Pairs) -> bytes:
    """The fields in order of their names; of a name that comes twice its values sorted, each once."""
    text = url + "".join(f"{name}{value}" for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1"))


def verify(tokens: Sequence[str], url: str, request: RawRequest) -> None:
    """Raises Unauthenticated."""
    given = request.headers.get("x-twilio-signature", "").encode("utf-8", "replace")
    if not given:
        raise Unauthenticated("there is no X-Twilio-Signature")
    fields = signed_fields(request)
    good = False
    for address in addresses(url, request):
        for token in tokens:
            good |= hmac.compare_digest(signature(token, address, fields), given)
    if not good:
        raise Unauthenticated(
            "X-Twilio-Signature does not fit these bytes: check auth_token, and that 'url' is the address Twilio calls"
        )


def signed_fields(request: RawRequest) -> Pairs:
    """None of a body that is no form: its hash is in the address, which is signed. Raises Unauthenticated."""
    if "bodySHA256" in request.query:
        found = hashlib.sha256(request.body).hexdigest().encode()
        if not hmac.compare_digest(found, request.query["bodySHA256"].lower().encode("utf-8", "replace")):
            raise Unauthenticated("bodySHA256 is not that of the body")
        return ()
    try:
        return pairs(request.body)
    except ValueError:
        raise Unauthenticated(f"more than {MOST_FIELDS} fields: this is no message of Twilio's") from None


def addresses(url: str, request: RawRequest) -> Iterator[str]:
    """What Twilio may have called: with the query as it came or as it is written, with and without the usual port."""
    base = url or request.url
    bare = base.partition("?")[0]
    found = [base, request.url if not url else ""]
    if request.query:
        plain = "&".join(f"{name}={value}" for name, value in request.query.items())
        found += [f"{bare}?{plain}", f"{bare}?{urlencode(request.query)}"]
    for address in dict.fromkeys(filter(None, found)):
        yield from both_ports(address)


def both_ports(address: str) -> Iterator[str]:
    yield address
    parts = urlsplit(address)
    try:
        port = parts.port
    except ValueError:
        return
    usual = PORTS.get(parts.scheme)
    if port is None:
        yield urlunsplit(parts._replace(netloc=f"{parts.netloc}:{usual}"))
    elif port == usual:
        yield urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0]))


def fields_of(given: Pairs) -> Mapping[str, str]:
    """The first of each; NULs out, which PostgreSQL's text can't hold."""
    found: dict[str, str] = {}
    for name, value in given:
        found.setdefault(name, value.replace("\0", ""))
    return found
