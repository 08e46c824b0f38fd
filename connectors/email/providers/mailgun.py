"""Mailgun (documentation.mailgun.com): routes post forms, events JSON; both carry timestamp, token and signature.

The signature does not cover the body: a token is good for one body only, within its time.
"""

import hashlib
import hmac
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.email import form, mime
from connectors.email.letter import Letter
from connectors.email.markup import text_of
from connectors.email.multipart import encoded
from connectors.email.providers.request import Ask, check_time, json_of, mapping, ours, text, when
from connectors.email.settings import Settings
from orchestrator import sending
from orchestrator.errors import Malformed, SendFailed, Unauthenticated
from orchestrator.ports import Clock
from orchestrator.types import Consent, DeliveryState, Inbound, RawRequest, StatusChanged

MOST_TOKENS = 100_000
STATES: Mapping[str, DeliveryState] = {
    "accepted": "sent",
    "delivered": "delivered",
    "opened": "read",
    "failed": "failed",
    "rejected": "failed",
}


class Mailgun:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.tokens: OrderedDict[str, bytes] = OrderedDict()

    def verify(self, request: RawRequest) -> None:
        timestamp, token, signature = signed(request)
        wanted = hmac.digest(
            self.settings.signing_key.get_secret_value().encode(), f"{timestamp}{token}".encode(), "sha256"
        ).hex()
        if not hmac.compare_digest(wanted.encode(), signature.lower().encode("utf-8", "replace")):
            raise Unauthenticated("the signature is missing or made with another key; check signing_key")
        check_time(timestamp, self.clock.now(), self.settings.tolerance)
        self.spend(token, hashlib.blake2b(request.body, digest_size=16).digest())

    def spend(self, token: str, body: bytes) -> None:
        """The same delivery may come again; its token on another body is forgery. Raises Unauthenticated."""
        if self.tokens.setdefault(token, body) != body:
            raise Unauthenticated("this token signed another delivery already")
        if len(self.tokens) > MOST_TOKENS:
            self.tokens.popitem(last=False)

    def read(self, request: RawRequest) -> Sequence[mime.Mail | Inbound]:
        if is_json(request):
            return self.happened(mapping(mapping(json_of(request.body)).get("event-data")))
        found = form.read(request.headers, request.body)
        if raw := found.fields.get("body-mime"):
            return [mime.read(raw)]
        return [mail(found)]

    def happened(self, event: Mapping[str, Any]) -> Sequence[Inbound]:
        now = self.clock.now()
        kind, at = text(event.get("event")), when(event.get("timestamp"), now)
        if kind in ("complained", "unsubscribed"):
            return [Consent(address=text(event.get("recipient")).lower(), allowed=False, at=at, reason=kind)]
        state = STATES.get(kind)
        if state is None or (kind == "failed" and event.get("severity") == "temporary"):
            return []
        given = mapping(event.get("user-variables"))
        headers = mapping(mapping(event.get("message")).get("headers"))
        message_id = ours(text(given.get("key")), self.settings.host) or text(headers.get("message-id")).strip("<>")
        status = mapping(event.get("delivery-status"))
        words = text(status.get("message")) or text(status.get("description")) or text(event.get("reason"))
        if not message_id:
            return []
        error = f"{status.get('code', '')} {words}".strip()[:300] if state == "failed" else ""
        tracker = text(given.get("tracker"))
        return [StatusChanged(external_id=message_id, state=state, at=at, error=error, tracker=tracker)]

    def ask(self, letter: Letter) -> Ask:
        fields = {
            "from": letter.sender_line,
            "to": letter.to_line,
            "subject": letter.subject,
            "text": letter.text,
            "html": letter.html,
            **{f"h:{name}": value for name, value in letter.headers.items()},
            "v:tracker": letter.tracker,
            "v:key": letter.key,
        }
        kind, body = encoded(
            {name: value for name, value in fields.items() if value},
            [("inline" if file.content_id else "attachment", file) for file in letter.files],
            boundary=hashlib.blake2b(letter.key.encode(), digest_size=16).hexdigest(),
        )
        domain = quote(self.settings.domain or self.settings.host, safe="")
        return Ask(
            url=f"{self.settings.base}/v3/{domain}/messages",
            headers={"Content-Type": kind, "Authorization": sending_key(self.settings)},
            body=body,
        )

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> SendFailed | None:
        if status == 401:
            return SendFailed("Mailgun does not know the api_key", retryable=False, reason="token_expired")
        return sending.failure("Mailgun", status, headers, self.clock.now())


def sending_key(settings: Settings) -> str:
    return "Basic " + b64encode(f"api:{settings.api_key.get_secret_value()}".encode()).decode()


def is_json(request: RawRequest) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def signed(request: RawRequest) -> tuple[str, str, str]:
    """Timestamp, token, signature. Raises Unauthenticated: whatever can't be read is not signed."""
    try:
        if is_json(request):
            found = mapping(mapping(json_of(request.body)).get("signature"))
            given = tuple(str(found.get(name) or "") for name in ("timestamp", "token", "signature"))
        else:
            fields = form.read(request.headers, request.body)
            given = tuple(fields.text(name) for name in ("timestamp", "token", "signature"))
    except Malformed as error:
        raise Unauthenticated(f"there is no signature to be found: {error}") from None
    if not all(given):
        raise Unauthenticated("timestamp, token and signature are needed")
    return given[0], given[1], given[2]


def mail(found: form.Form) -> mime.Mail:
    """Raises Malformed. One without a sender is a mail all the same: nobody answers it."""
    headers: dict[str, list[str]] = {}
    listed = json_of(found.fields.get("message-headers") or b"[]")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, list) and len(item) == 2:
            headers.setdefault(text(item[0]).lower(), []).append(mime.decoded(text(item[1])))
    for name, key in (("from", "from"), ("subject", "subject"), ("x-original-to", "recipient")):
        if value := found.text(key):
            headers.setdefault(name, [value])
    headers.setdefault("from", [found.text("sender")])
    words = found.text("body-plain") or text_of(found.text("body-html")) or found.text("stripped-text")
    named = mapping(json_of(found.fields.get("content-id-map") or b"{}"))
    inline = {field: content_id.strip("<>") for content_id, field in named.items() if isinstance(field, str)}
    return mime.Mail(
        headers=headers,
        text=words[: mime.LONGEST_TEXT].replace("\r\n", "\n"),
        attachments=tuple(mime.named(file, inline.get(field, "")) for field, file in found.files.items()),
    )
