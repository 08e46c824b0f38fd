"""What Twilio posts: messages and statuses, as forms, or as events of an event stream."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from connectors.twilio.settings import WHATSAPP
from connectors.twilio.signature import fields_of, pairs
from orchestrator.errors import Malformed, SendProblem
from orchestrator.incoming import media_kind
from orchestrator.types import (
    Consent,
    DeliveryState,
    FormAnswer,
    Inbound,
    Location,
    Media,
    Part,
    Profile,
    RawRequest,
    Received,
    StatusChanged,
    Tap,
    Text,
    Unsupported,
)

Fields = Mapping[str, str]

STATES: Mapping[str, DeliveryState] = {
    "accepted": "sent",
    "scheduled": "sent",
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
ERRORS: Mapping[str, str] = {
    "21610": "the recipient has said STOP",
    "30003": "the phone can't be reached",
    "30004": "the recipient blocks us",
    "30005": "there is no such number",
    "30006": "a landline, or a carrier that can't be reached",
    "30007": "filtered by the carrier",
    "30008": "unknown error of the carrier",
    "30034": "the number is not registered for 10DLC",
    "63016": "outside the 24 hours after the customer's last message: only a template may be sent",
    "63018": "too many messages in too short a time",
}
REFUSED = "21610"
STOP = frozenset(("stop", "stopall", "unsubscribe", "end", "quit", "revoke", "optout"))
START = frozenset(("start", "unstop"))
"""Twilio's own words by default ("Twilio support for opt-out keywords" in its help), but for "cancel" and "yes": those
answer questions as well, and where Twilio takes them for a refusal it says so by OptOutType or by 21610."""
SPOKEN = frozenset(("", "text", "image", "audio", "video", "document", "location", "button", "interactive", "sticker"))
MOST_MEDIA = 10
MOST_EVENTS = 1000


def read(request: RawRequest, account: str, *, keywords: bool, now: datetime) -> list[Inbound]:
    """Raises Malformed. What is another account's is left out: addresses may be shared."""
    if request.headers.get("content-type", "").startswith("application/json"):
        items = stream(request.body)
        return [event for item in items for event in one(item, "", keywords=keywords, now=now, of=account)]
    try:
        fields = fields_of(pairs(request.body))
    except ValueError:
        raise Malformed("the form has too many fields") from None
    if not (fields.get("MessageSid") or fields.get("SmsSid")):
        raise Malformed("MessageSid is missing: this is no message of Twilio's")
    return one(fields, request.query.get("tracker", ""), keywords=keywords, now=now, of=account)


def stream(body: bytes) -> Sequence[Fields]:
    """The data of events (twilio.com/docs/events), with names as forms have them. Raises Malformed."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("the body is not JSON") from None
    events = found if isinstance(found, list) else [found]
    if len(events) > MOST_EVENTS:
        raise Malformed(f"{len(events)} events in one request; {MOST_EVENTS} are the most")
    return [fields_of([(pascal(name), str(value)) for name, value in data(event).items()]) for event in events]


def data(event: Any) -> Mapping[str, Any]:
    found = event.get("data") if isinstance(event, dict) else None
    return found if isinstance(found, dict) else {}


def pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def one(fields: Fields, tracker: str, *, keywords: bool, now: datetime, of: str) -> list[Inbound]:
    if fields.get("AccountSid", of) != of:
        return []
    sid = fields.get("MessageSid") or fields.get("SmsSid", "")
    state = fields.get("MessageStatus") or fields.get("SmsStatus", "received")
    if not sid:
        return []
    if state != "received":
        return status(fields, sid, STATES.get(state.lower()), tracker, now)
    if (refusal := consent(fields, now, keywords=keywords)) is not None:
        return [refusal]
    return [received(fields, sid, now)] if fields.get("From") and fields.get("OptOutType", "").upper() != "HELP" else []


LATE: Mapping[str, SendProblem] = {"21610": "opted_out", "63016": "window_closed", "63112": "window_closed"}
"""Of what Twilio says of a message it took, by its code."""


def status(fields: Fields, sid: str, state: DeliveryState | None, tracker: str, now: datetime) -> list[Inbound]:
    if state is None:
        return []
    code = fields.get("ErrorCode", "")
    error = f"{code} {ERRORS.get(code, '')}".strip() if state == "failed" else ""
    found: list[Inbound] = [
        StatusChanged(external_id=sid, state=state, at=now, error=error, tracker=tracker, reason=LATE.get(code, ""))
    ]
    if code == REFUSED and fields.get("To"):
        found.append(Consent(address=fields["To"], allowed=False, at=now, reason=code))
    return found


def consent(fields: Fields, now: datetime, *, keywords: bool) -> Consent | None:
    said = fields.get("OptOutType", "").upper()
    word = fields.get("Body", "").strip().lower().rstrip(".!")
    if not said and keywords and not fields.get("From", "").startswith(WHATSAPP):
        said = "STOP" if word in STOP else "START" if word in START else ""
    if said not in ("STOP", "START") or not fields.get("From"):
        return None
    return Consent(address=fields["From"], allowed=said == "START", at=now, reason=word[:40] or said)


def received(fields: Fields, sid: str, now: datetime) -> Received:
    return Received(
        address=fields["From"],
        external_id=sid,
        parts=said(fields),
        at=now,
        profile=profile(fields),
        context=referral(fields),
        quotes=fields.get("OriginalRepliedMessageSid", ""),
    )


def profile(fields: Fields) -> Profile:
    known: dict[str, str | int | float | bool | None] = {"phone": fields["From"].removeprefix(WHATSAPP)}
    if name := fields.get("ProfileName", "").strip():
        known["name"] = name[:100]
    return known


def referral(fields: Fields) -> Mapping[str, Any] | None:
    """The advertisement a customer came from."""
    found = {name: value for name, value in fields.items() if name.startswith("Referral") and value}
    return {"referral": found} if found else None


def said(fields: Fields) -> tuple[Part, ...]:
    kind = fields.get("MessageType", "").lower()
    replied = fields.get("OriginalRepliedMessageSid", "")
    if fields.get("ButtonPayload") or fields.get("ListId"):
        payload = fields.get("ButtonPayload") or fields["ListId"]
        title = fields.get("ButtonText") or fields.get("ListTitle") or fields.get("Body", "")
        return (Tap(payload=payload, title=title, message_id=replied),)
    if fields.get("InteractiveData"):
        return (form_answer(fields, replied),)
    parts = [*media(fields), *place(fields)]
    if fields.get("Body", "").strip():
        parts.append(Text(text=fields["Body"]))
    if parts:
        return tuple(parts)
    return (Unsupported(what=kind) if kind not in SPOKEN else Unsupported(what="message", note="it is empty"),)


def form_answer(fields: Fields, replied: str) -> Part:
    try:
        found = orjson.loads(fields["InteractiveData"])
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        return Unsupported(what="interactive")
    values = {str(name): str(value) for name, value in found.items()}
    return FormAnswer(form_id=values.pop("flow_token", ""), values=values, message_id=replied)


def media(fields: Fields) -> list[Part]:
    """Behind handles: Twilio asks for our password where media are protected."""
    count = fields.get("NumMedia", "0")
    found: list[Part] = []
    for index in range(min(int(count), MOST_MEDIA) if count.isascii() and count.isdecimal() and len(count) < 4 else 0):
        url, mime = fields.get(f"MediaUrl{index}", ""), fields.get(f"MediaContentType{index}", "").lower()
        if not url.startswith(("https://", "http://")):
            found.append(Unsupported(what="media", note="its address does not start with https://"))
            continue
        found.append(Media(url=f"ref:{url}", media=media_kind(mime), mime=mime))
    return found


def place(fields: Fields) -> list[Part]:
    try:
        latitude, longitude = float(fields.get("Latitude", "")), float(fields.get("Longitude", ""))
    except ValueError:
        return []
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return [Unsupported(what="location", note="its coordinates are nowhere on earth")]
    name, address = fields.get("Label", ""), fields.get("Address", "")
    return [Location(latitude=latitude, longitude=longitude, name=name, address=address)]
