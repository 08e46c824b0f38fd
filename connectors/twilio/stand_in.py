"""Twilio with one account on it, in memory: a number for SMS and MMS, or a WhatsApp sender, and people with phones."""

import base64
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from connectors.twilio.signature import signature
from orchestrator.ports import PHOTO, Clock, Fault, Shown
from orchestrator.types import (
    Choice,
    FormAnswer,
    ListPicker,
    Location,
    Media,
    MediaKind,
    Part,
    QuickReplies,
    RawRequest,
    RawResponse,
    Tap,
    Text,
)

ACCOUNT = "AC00000000000000000000000000000000"
TOKEN = "0123456789abcdef0123456789abcdef"
NUMBER = "+15017122661"
HOOK = "https://parley.shop.example/hooks/twilio"
LONGEST = 1600
MOST_MEDIA = 10
FAULTS: Mapping[Fault, tuple[int, int, str]] = {
    "throttled": (429, 20429, "Too many requests"),
    "broken": (503, 20503, "Service unavailable"),
    "window_closed": (400, 63016, "Failed to send freeform message because you are outside the allowed window."),
    "token_expired": (401, 20003, "Authenticate"),
}
KINDS: Mapping[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}


class TwilioStandIn:
    kind = "twilio"

    def __init__(self, clock: Clock, *, whatsapp: bool = False) -> None:
        self.clock = clock
        self.prefix = "whatsapp:" if whatsapp else ""
        self.screens: dict[str, list[Shown]] = {}
        self.refusing: set[str] = set()
        self.contents: dict[str, Mapping[str, Any]] = {}
        self.waiting: list[RawRequest] = []
        self.media: dict[str, bytes] = {}
        self.api = ""
        self.sms_url = ""
        self.count = 0

    def settings(self, api: str) -> Mapping[str, Any]:
        self.api = api
        return {
            "kind": "twilio",
            "account_sid": ACCOUNT,
            "auth_token": TOKEN,
            "sender": self.prefix + NUMBER,
            "url": HOOK,
            "api": api,
            "mms": not self.prefix,
        }

    def serve(self, request: RawRequest) -> RawResponse:
        wanted = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("authorization") != wanted:
            return self.refuse("token_expired")
        path = request.path.removesuffix(".json")
        account = f"/2010-04-01/Accounts/{ACCOUNT}"
        if path.startswith("/media/"):
            return RawResponse(body=self.media.get(path, b""), media_type="image/png")
        if path == "/v1/Content":
            return self.content(request)
        if path == account:
            return answered({"sid": ACCOUNT, "status": "active"})
        if path.startswith(f"{account}/IncomingPhoneNumbers"):
            return self.number(request)
        if path == f"{account}/Messages" and request.method == "POST":
            return self.message(parse_qsl(request.body.decode(), keep_blank_values=True))
        return refusal(404, 20404, "The requested resource was not found")

    def refuse(self, fault: Fault) -> RawResponse:
        return refusal(*FAULTS[fault])

    def number(self, request: RawRequest) -> RawResponse:
        given = dict(parse_qsl(request.body.decode()))
        self.sms_url = given.get("SmsUrl", self.sms_url)
        row = {"sid": "PN1", "phone_number": NUMBER, "sms_url": self.sms_url}
        ours = request.query.get("PhoneNumber", NUMBER) == NUMBER
        return answered(row if request.method == "POST" else {"incoming_phone_numbers": [row] if ours else []})

    def content(self, request: RawRequest) -> RawResponse:
        if request.method == "GET":
            rows = [{"sid": sid, **content} for sid, content in self.contents.items()]
            return answered({"contents": rows, "meta": {"next_page_url": None}})
        given = orjson.loads(request.body)
        if (problem := too_much(given.get("types") or {})) is not None:
            return refusal(400, 20001, problem)
        sid = f"HX{len(self.contents) + 1:032x}"
        self.contents[sid] = given
        return answered({"sid": sid, **given}, 201)

    def message(self, pairs: Sequence[tuple[str, str]]) -> RawResponse:
        fields = dict(pairs)
        media = [value for name, value in pairs if name == "MediaUrl"]
        if (problem := self.wrong(fields, media)) is not None:
            return refusal(400, *problem)
        self.count += 1
        sid = f"SM{self.count:032x}"
        self.screens.setdefault(fields["To"], []).append(Shown(id=sid, mine=False, parts=self.seen(fields, media)))
        if callback := fields.get("StatusCallback"):
            for state in ("sent", "delivered"):
                told = {"MessageSid": sid, "MessageStatus": state, "To": fields["To"], "From": self.prefix + NUMBER}
                self.waiting.append(posted(told, callback))
        return answered({"sid": sid, "status": "queued", "to": fields["To"], "error_code": None}, 201)

    def wrong(self, fields: Mapping[str, str], media: Sequence[str]) -> tuple[int, str] | None:
        to = fields.get("To", "")
        if not re.fullmatch(rf"{self.prefix}\+\d{{5,15}}", to):
            return 21211, "The 'To' number is not a valid phone number."
        if to in self.refusing:
            return 21610, "Attempt to send to unsubscribed recipient"
        if not (fields.get("From") or fields.get("MessagingServiceSid")):
            return 21603, "A 'From' phone number is required."
        if not (fields.get("Body") or media or fields.get("ContentSid")):
            return 21619, "A text message body or media urls must be specified."
        if len(fields.get("Body", "")) > LONGEST:
            return 21617, "The concatenated message body exceeds the 1600 character limit."
        if len(media) > MOST_MEDIA:
            return 21623, "Number of media files exceeds allowed limit"
        if fields.get("ContentSid") and fields["ContentSid"] not in self.contents:
            return 21655, "The ContentSid is invalid"
        if "\n" in "".join(map(str, orjson.loads(fields.get("ContentVariables", "{}")).values())):
            return 21656, "The ContentVariables Parameter is invalid."
        return None

    def seen(self, fields: Mapping[str, str], media: Sequence[str]) -> tuple[Part, ...]:
        if sid := fields.get("ContentSid"):
            return self.filled(self.contents[sid]["types"], orjson.loads(fields.get("ContentVariables", "{}")))
        parts: list[Part] = [Media(url=url, media="image") for url in media]
        if pin := re.match(r"geo:([-\d.]+),([-\d.]+)", fields.get("PersistentAction", "")):
            return (Location(latitude=float(pin[1]), longitude=float(pin[2]), name=fields.get("Body", "")),)
        return (*parts, *([Text(text=fields["Body"])] if fields.get("Body") else []))

    def filled(self, types: Mapping[str, Any], values: Mapping[str, str]) -> tuple[Part, ...]:
        ((kind, content),) = types.items()
        text = re.sub(r"\{\{(\w+)\}\}", lambda found: values.get(found[1], ""), content["body"])
        if kind == "twilio/list-picker":
            rows = tuple(
                Choice(title=one["item"], payload=one["id"], description=one["description"]) for one in content["items"]
            )
            return (ListPicker(text=text, choices=rows, button=content["button"]),)
        choices = tuple(Choice(title=one["title"], payload=one["id"]) for one in content.get("actions", ()))
        return (QuickReplies(text=text, choices=choices),)

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        self.count += 1
        number = self.phone(user)
        sid = f"SM{self.count:032x}"
        self.screens.setdefault(number, []).append(Shown(id=sid, mine=True, parts=(part,), state="delivered"))
        fields = {
            "MessageSid": sid,
            "SmsSid": sid,
            "AccountSid": ACCOUNT,
            "From": number,
            "To": self.prefix + NUMBER,
            "SmsStatus": "received",
            "NumMedia": "0",
            "Body": "",
            **({"ProfileName": user} if self.prefix else {}),
            **self.said(part, sid),
        }
        word = fields["Body"].strip().upper()
        if word in ("STOP", "START"):
            fields["OptOutType"] = word
            (self.refusing.add if word == "STOP" else self.refusing.discard)(number)
        return [posted(fields, HOOK)]

    def said(self, part: Part, sid: str) -> dict[str, str]:
        match part:
            case Text(text=text):
                return {"Body": text}
            case Tap() if self.prefix:
                return {"Body": part.title, "ButtonText": part.title, "ButtonPayload": part.payload}
            case Tap():
                return {"Body": part.title or part.payload}
            case Location():
                return {"Latitude": str(part.latitude), "Longitude": str(part.longitude), "MessageType": "location"}
            case Media():
                self.media[f"/media/{sid}"] = PHOTO
                mime = part.mime or "image/png"
                return {"NumMedia": "1", "MediaUrl0": f"{self.api}/media/{sid}", "MediaContentType0": mime}
            case FormAnswer(values=values):
                return {"Body": "\n".join(f"{name}: {value}" for name, value in values.items())}
            case _:
                return {"MessageType": "unknown"}

    def phone(self, user: str) -> str:
        """A number for each name (555-01xx is kept for fiction)."""
        if re.fullmatch(r"(?:whatsapp:)?\+\d+", user):
            return user if user.startswith(self.prefix) else self.prefix + user
        return f"{self.prefix}+1{200 + zlib.crc32(user.encode()) % 700}55501{zlib.crc32(user.encode()) % 100:02}"

    def drain(self) -> Sequence[RawRequest]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def shown(self, user: str) -> Sequence[Shown]:
        return tuple(self.screens.get(self.phone(user), ()))


def too_much(types: Mapping[str, Any]) -> str | None:
    """twilio.com/docs/content: what an in-session message may hold."""
    for kind, content in types.items():
        if len(content.get("body", "")) > 1024:
            return "The body is longer than 1024 characters"
        actions, items = content.get("actions", ()), content.get("items", ())
        if kind == "twilio/quick-reply" and (len(actions) > 3 or any(len(one["title"]) > 20 for one in actions)):
            return "One to three buttons of at most 20 characters"
        if kind == "twilio/list-picker" and (len(items) > 10 or not all(map(fits, items))):
            return "One to ten items within their limits, and a button"
    return None


def fits(item: Mapping[str, str]) -> bool:
    return len(item["item"]) <= 24 and len(item["id"]) <= 200 and len(item["description"]) <= 72


def posted(fields: Mapping[str, str], url: str) -> RawRequest:
    """Signed over the address Twilio calls."""
    whole = {"AccountSid": ACCOUNT, **fields}
    query = urlsplit(url).query
    return RawRequest(
        method="POST",
        path="/",
        headers={
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "x-twilio-signature": signature(TOKEN, url, tuple(whole.items())).decode(),
        },
        query=dict(parse_qsl(query)),
        body=urlencode(whole).encode(),
    )


def answered(body: Mapping[str, Any], status: int = 200) -> RawResponse:
    return RawResponse(status=status, body=orjson.dumps(body), media_type="application/json")


def refusal(status: int, code: int, message: str) -> RawResponse:
    headers = {"Retry-After": "1"} if status == 429 else {}
    body = orjson.dumps({"code": code, "message": message, "status": status})
    return RawResponse(status=status, body=body, media_type="application/json", headers=headers)
