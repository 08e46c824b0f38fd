"""SendGrid (twilio.com/docs/sendgrid): Inbound Parse posts a form, the event webhook JSON; both may be signed."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from email.parser import BytesHeaderParser
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from connectors.email import form, mime
from connectors.email.letter import Letter
from connectors.email.markup import text_of
from connectors.email.providers.request import Ask, check_basic, check_time, json_of, mapping, ours, text, when
from connectors.email.settings import Settings, der
from orchestrator import sending
from orchestrator.errors import Malformed, SendFailed, Unauthenticated
from orchestrator.ports import Clock
from orchestrator.types import Consent, DeliveryState, Inbound, RawRequest, StatusChanged

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
STATES: Mapping[str, DeliveryState] = {
    "processed": "sent",
    "delivered": "delivered",
    "open": "read",
    "bounce": "failed",
    "dropped": "failed",
}
REFUSES = {"spamreport": False, "unsubscribe": False, "group_unsubscribe": False, "group_resubscribe": True}
MOST_EVENTS = 2000


class SendGrid:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        key = settings.signing_key.get_secret_value()
        self.key = public_key(der(key)) if key else None

    def verify(self, request: RawRequest) -> None:
        if self.settings.hook_password.get_secret_value():
            check_basic(self.settings, request)
        if self.key is not None:
            self.check_signature(self.key, request)

    def check_signature(self, key: ec.EllipticCurvePublicKey, request: RawRequest) -> None:
        timestamp = request.headers.get(TIMESTAMP, "")
        try:
            signature = base64.b64decode(request.headers.get(SIGNATURE, ""), validate=True)
            key.verify(signature, timestamp.encode() + request.body, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, binascii.Error, ValueError):
            raise Unauthenticated("the signature is missing or made with another key; check signing_key") from None
        check_time(timestamp, self.clock.now(), self.settings.tolerance)

    def read(self, request: RawRequest) -> Sequence[mime.Mail | Inbound]:
        if request.headers.get("content-type", "").startswith("application/json"):
            return self.happened(json_of(request.body))
        found = form.read(request.headers, request.body)
        if raw := found.fields.get("email"):
            return [mime.read(raw)]
        return [mail(found)]

    def happened(self, body: Any) -> Sequence[Inbound]:
        if not isinstance(body, list):
            raise Malformed("the body is not the list of events SendGrid posts")
        if len(body) > MOST_EVENTS:
            raise Malformed(f"{len(body)} events in one request; {MOST_EVENTS} are the most")
        return [found for item in body if (found := self.one(mapping(item))) is not None]

    def one(self, event: Mapping[str, Any]) -> Inbound | None:
        now = self.clock.now()
        kind, at = text(event.get("event")), when(event.get("timestamp"), now)
        if kind in REFUSES:
            return Consent(address=text(event.get("email")).lower(), allowed=REFUSES[kind], at=at, reason=kind)
        state = STATES.get(kind)
        message_id = ours(text(event.get("key")), self.settings.host) or text(event.get("smtp-id")).strip("<>")
        if state is None or not message_id:
            return None
        error = f"{text(event.get('status'))} {text(event.get('reason'))}".strip()[:300] if state == "failed" else ""
        tracker = text(event.get("tracker"))
        return StatusChanged(external_id=message_id, state=state, at=at, error=error, tracker=tracker)

    def ask(self, letter: Letter) -> Ask:
        headers = dict(letter.headers)
        reply_to = headers.pop("Reply-To", "")
        fields = {
            "personalizations": [
                {"to": [{"email": letter.to}], "custom_args": {"tracker": letter.tracker, "key": letter.key}}
            ],
            "from": named(letter.sender, letter.sender_name),
            "reply_to": {"email": reply_to} if reply_to else None,
            "subject": letter.subject,
            "headers": headers,
            "content": [{"type": "text/plain", "value": letter.text}, {"type": "text/html", "value": letter.html}],
            "attachments": [
                {
                    "content": base64.b64encode(file.data).decode(),
                    "type": file.mime,
                    "filename": file.name,
                    **({"disposition": "inline", "content_id": file.content_id} if file.content_id else {}),
                }
                for file in letter.files
            ],
        }
        return Ask(
            url=f"{self.settings.base}/v3/mail/send",
            headers={
                "Content-Type": "application/json",
                "Accept": "application/json",
                "Authorization": f"Bearer {self.settings.api_key.get_secret_value()}",
            },
            body=orjson.dumps({name: value for name, value in fields.items() if value}),
        )

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> SendFailed | None:
        if status == 401:
            return SendFailed("SendGrid does not know the api_key", retryable=False, reason="token_expired")
        return sending.failure("SendGrid", status, headers, self.clock.now())


def public_key(encoded: bytes) -> ec.EllipticCurvePublicKey:
    """Raises ValueError."""
    key = load_der_public_key(encoded)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("signing_key is not a key for ECDSA")
    return key


def named(address: str, name: str) -> dict[str, str]:
    return {"email": address, "name": name} if name else {"email": address}


def mail(found: form.Form) -> mime.Mail:
    """Each field is in the charset that `charsets` tells."""
    charsets = mapping(json_of(found.fields.get("charsets") or b"{}"))

    def field(name: str) -> str:
        return found.text(name, text(charsets.get(name)) or "utf-8")

    headers = mime.headers_of(BytesHeaderParser().parsebytes(found.fields.get("headers", b"").lstrip()))
    if sender := field("from"):
        headers["from"] = [sender]
    if subject := field("subject"):
        headers["subject"] = [subject]
    envelope = mapping(json_of(found.fields.get("envelope") or b"{}"))
    if isinstance(envelope.get("to"), list):
        headers.setdefault("x-original-to", [text(to) for to in envelope["to"][:20]])
    info = mapping(json_of(found.fields.get("attachment-info") or b"{}"))
    words = field("text")
    return mime.Mail(
        headers=headers,
        text=(words if words.strip() else text_of(field("html")))[: mime.LONGEST_TEXT].replace("\r\n", "\n"),
        attachments=tuple(
            mime.named(file, text(mapping(info.get(name)).get("content-id")).strip("<>"))
            for name, file in found.files.items()
        ),
    )
