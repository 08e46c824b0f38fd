"""Postmark (postmarkapp.com/developer): JSON both ways; the hook's address holds a password, nothing is signed."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from connectors.email import mime
from connectors.email.letter import Letter
from connectors.email.markup import text_of
from connectors.email.providers.request import Ask, check_basic, json_of, mapping, ours, text, when
from connectors.email.settings import Settings
from orchestrator import sending
from orchestrator.errors import Malformed, SendFailed
from orchestrator.ports import Clock
from orchestrator.types import Consent, DeliveryState, Inbound, RawRequest, StatusChanged

INACTIVE = 406
"""The address bounced or complained before: Postmark sends nothing there."""
TOKEN = (10,)
STATES: Mapping[str, DeliveryState] = {
    "Delivery": "delivered",
    "Open": "read",
    "Bounce": "failed",
    "SpamComplaint": "failed",
}
PASSING = frozenset(
    ("Transient", "SoftBounce", "DnsError", "AutoResponder", "AddressChange", "Subscribe", "Unsubscribe")
)
"""Types of bounces after which the mail may still arrive, or did."""


class Postmark:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock

    def verify(self, request: RawRequest) -> None:
        check_basic(self.settings, request)

    def read(self, request: RawRequest) -> Sequence[mime.Mail | Inbound]:
        body = json_of(request.body)
        if not isinstance(body, dict):
            raise Malformed("the body is not the JSON object Postmark posts")
        if "RecordType" in body and body["RecordType"] != "Inbound":
            return self.happened(body)
        if raw := text(body.get("RawEmail")):
            return [mime.read(raw.encode("utf-8", "surrogateescape"))]
        return [mail(body)]

    def happened(self, body: Mapping[str, Any]) -> Sequence[Inbound]:
        now = self.clock.now()
        kind = text(body.get("RecordType"))
        given = mapping(body.get("Metadata"))
        if kind == "SubscriptionChange":
            allowed = body.get("SuppressSending") is not True
            return [consent(body.get("Recipient"), allowed, when(body.get("ChangedAt"), now), body)]
        state = STATES.get(kind)
        if state is None or (kind == "Bounce" and body.get("Type") in PASSING):
            return []
        times = (body.get(name) for name in ("DeliveredAt", "ReceivedAt", "BouncedAt"))
        at = when(next(filter(None, times), None), now)
        error = text(body.get("Description") or body.get("Details"))[:300] if state == "failed" else ""
        message_id = ours(text(given.get("key")), self.settings.host) or text(body.get("MessageID"))
        if kind == "SpamComplaint":
            return [consent(body.get("Email"), False, at, {"SuppressionReason": kind})]
        if not message_id:
            return []
        tracker = text(given.get("tracker"))
        return [StatusChanged(external_id=message_id, state=state, at=at, error=error, tracker=tracker)]

    def ask(self, letter: Letter) -> Ask:
        headers = dict(letter.headers)
        fields = {
            "From": letter.sender_line,
            "To": letter.to_line,
            "ReplyTo": headers.pop("Reply-To", None),
            "Subject": letter.subject,
            "TextBody": letter.text,
            "HtmlBody": letter.html,
            # Without X-PM-KeepID Postmark puts an id of its own in the place of ours.
            "Headers": [{"Name": name, "Value": value} for name, value in {**headers, "X-PM-KeepID": "true"}.items()],
            "Attachments": [
                {
                    "Name": file.name,
                    "Content": base64.b64encode(file.data).decode(),
                    "ContentType": file.mime,
                    **({"ContentID": f"cid:{file.content_id}"} if file.content_id else {}),
                }
                for file in letter.files
            ],
            "Metadata": {"tracker": letter.tracker, "key": letter.key},
        }
        return Ask(
            url=f"{self.settings.base}/email",
            headers={
                "Content-Type": "application/json",
                "Accept": "application/json",
                "X-Postmark-Server-Token": self.settings.api_key.get_secret_value(),
            },
            body=orjson.dumps({name: value for name, value in fields.items() if value}),
        )

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> SendFailed | None:
        said = mapping(orjson.loads(body) if body.startswith(b"{") and status != 200 else {})
        code, words = said.get("ErrorCode"), text(said.get("Message"))[:200]
        if code == INACTIVE:
            return SendFailed(f"Postmark: {words or 'inactive recipient'}", retryable=False, reason="opted_out")
        if status == 401 or code in TOKEN:
            return SendFailed("Postmark does not know the api_key", retryable=False, reason="token_expired")
        return sending.failure("Postmark", status, headers, self.clock.now(), words)


def consent(address: Any, allowed: bool, at: Any, body: Mapping[str, Any]) -> Consent:
    reason = text(body.get("SuppressionReason"))[:100]
    return Consent(address=text(address).lower(), allowed=allowed, at=at, reason=reason)


def mail(body: Mapping[str, Any]) -> mime.Mail:
    headers: dict[str, list[str]] = {}
    for item in body.get("Headers") or ():
        entry = mapping(item)
        headers.setdefault(text(entry.get("Name")).lower(), []).append(text(entry.get("Value")))
    sender = mapping(body.get("FromFull"))
    if address := text(sender.get("Email")) or text(body.get("From")):
        headers["from"] = [mime.written_address(text(sender.get("Name")), address)]
    for name, key in (("subject", "Subject"), ("date", "Date"), ("reply-to", "ReplyTo"), ("to", "To"), ("cc", "Cc")):
        if value := text(body.get(key)):
            headers[name] = [value]
    if not any(value.strip(" <>") for value in headers.get("message-id", ())):
        headers["message-id"] = [f"<{text(body.get('MessageID'))}>"]
    if recipient := text(body.get("OriginalRecipient")):
        headers.setdefault("x-original-to", [recipient])
    words = text(body.get("TextBody"))
    return mime.Mail(
        headers=headers,
        text=(words if words.strip() else text_of(text(body.get("HtmlBody"))))[: mime.LONGEST_TEXT].replace(
            "\r\n", "\n"
        ),
        attachments=tuple(attachment(mapping(item)) for item in body.get("Attachments") or ()),
    )


def attachment(item: Mapping[str, Any]) -> mime.Attachment:
    try:
        data = base64.b64decode(text(item.get("Content")), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("an attachment is not base64") from None
    return mime.Attachment(
        data=data,
        mime=text(item.get("ContentType")).partition(";")[0].strip().lower() or "application/octet-stream",
        name=mime.clean_name(text(item.get("Name"))),
        content_id=text(item.get("ContentID")).removeprefix("cid:").strip("<>"),
    )
