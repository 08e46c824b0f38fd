"""Apple's gateway as it looks from outside, in memory: one business, customers with new devices."""

import base64
import gzip
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import jwt
import orjson

from connectors.apple import cipher, events
from connectors.apple.render import BID
from connectors.apple.screen import shown, valid
from orchestrator.ports import PHOTO, Clock, Fault, Shown
from orchestrator.types import FormAnswer, Media, Part, RawRequest, RawResponse, Tap, Text

MSP, BUSINESS = "c7b1f0cf-c3fd-40ab-8d40-cff3d81d1d6b", "b9159070-c454-4135-8bf3-049809624818"
KEY = b"0123456789abcdef0123456789abcdef"
HOOK = "/hooks/apple/message"
LARGE = 10_240
"""Bytes of interactive data from which on it goes by reference."""

FAULTS: Mapping[Fault, tuple[int, Mapping[str, str]]] = {
    "throttled": (429, {"retry-after": "1"}),
    "broken": (500, {}),
    "window_closed": (410, {}),
    "token_expired": (403, {}),
}


class AppleStandIn:
    kind = "apple"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.api = ""
        self.messages: list[dict[str, Any]] = []
        self.sizes: dict[str, int] = {}
        self.blobs: dict[str, bytes] = {}
        self.typing: list[tuple[str, str]] = []

    def settings(self, api: str) -> Mapping[str, Any]:
        self.api = api.rstrip("/")
        secret = base64.b64encode(KEY).decode()
        return {"kind": "apple", "msp_id": MSP, "secret": secret, "business_id": BUSINESS, "api": self.api}

    def serve(self, request: RawRequest) -> RawResponse:
        path = request.path.strip("/")
        if path.startswith("content/"):
            return self.content(path.removeprefix("content/"), request)
        if path.startswith("seen/"):
            return self.seen(path.removeprefix("seen/"))
        if not self.known(request.headers.get("authorization", "")):
            return RawResponse(status=403)
        match path:
            case "preUpload":
                return self.place(request.headers)
            case "preDownload":
                blob = request.headers.get("mmcs-url", "").rpartition("/")[2]
                return answer({"download-url": f"{self.api}/content/{blob}"}) if blob in self.blobs else nothing()
            case "decodePayload":
                return RawResponse(body=request.body, media_type="application/json")
            case "message":
                return self.message(request)
        return nothing()

    def known(self, authorization: str) -> bool:
        try:
            claims = jwt.decode(
                authorization.removeprefix("Bearer "),
                KEY,
                algorithms=["HS256"],
                options={"verify_iat": False, "verify_exp": False},
            )
        except jwt.PyJWTError:
            return False
        return claims.get("iss") == MSP and "iat" in claims

    def message(self, request: RawRequest) -> RawResponse:
        given = orjson.loads(request.body)
        headers = request.headers
        named = (headers.get("id"), headers.get("source-id"), headers.get("destination-id"))
        if named != (given.get("id"), given.get("sourceId"), given.get("destinationId")) or not valid(given):
            return RawResponse(status=400)
        if given["sourceId"] != BUSINESS:
            return nothing()
        if given["type"].startswith("typing"):
            self.typing.append((given["destinationId"], given["type"]))
        elif given["id"] not in {each["id"] for each in self.messages}:
            self.messages.append(given | {"auto-reply": headers.get("auto-reply", "")})
        return RawResponse()

    def refuse(self, fault: Fault) -> RawResponse:
        status, headers = FAULTS[fault]
        return RawResponse(status=status, headers=headers)

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        match part:
            case Text(text=text):
                return [self.posted(user, {"type": "text", "body": text})]
            case Tap():
                return [self.posted(user, {"type": "interactive"} | self.interactive(self.chosen(user, part)))]
            case FormAnswer():
                return [self.posted(user, {"type": "interactive"} | self.interactive(self.filled(user, part)))]
            case Media(name=name, mime=mime):
                file = self.keep(PHOTO) | {"name": name or "photo.png", "mimeType": mime or "image/png"}
                return [self.posted(user, {"type": "text", "body": events.PLACE, "attachments": [file]})]
        said = str(getattr(part, "text", "") or getattr(part, "name", "") or part.kind)
        return [self.posted(user, {"type": "text", "body": said})]

    def closed(self, user: str) -> RawRequest:
        """The customer deletes the conversation."""
        return self.posted(user, {"type": "close"})

    def drain(self) -> Sequence[RawRequest]:
        """Apple tells nothing of what it was sent."""
        return []

    def shown(self, user: str) -> Sequence[Shown]:
        mine = (each for each in self.messages if user_id(user) in (each["sourceId"], each["destinationId"]))
        return [shown(each, f"{self.api}/seen") for each in mine]

    def seen(self, blob: str) -> RawResponse:
        """A file as the customer's device opens it, with the key that came in the message."""
        files = (file for each in self.messages for file in each.get("attachments", ()))
        file = next((file for file in files if file["url"].rpartition("/")[2] == blob), None)
        if file is None or blob not in self.blobs:
            return nothing()
        return RawResponse(body=cipher.decrypted(self.blobs[blob], file["key"]), media_type=file["mimeType"])

    def posted(self, user: str, content: Mapping[str, Any], **claims: Any) -> RawRequest:
        body = {
            "v": 1,
            "id": str(uuid.uuid4()),
            "sourceId": user_id(user),
            "destinationId": BUSINESS,
            "locale": "en_US",
        }
        body |= content
        if content["type"] != "close":
            self.messages.append(body)
        token = jwt.encode({"aud": MSP, "iat": int(self.clock.now().timestamp())} | claims, KEY, algorithm="HS256")
        headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            "content-encoding": "gzip",
            "id": str(body["id"]),
            "source-id": str(body["sourceId"]),
            "destination-id": BUSINESS,
            "capability-list": "LIST,TIME,QUICK,AUTH2,FORM",
            "device-agent": "iPhone OS",
        }
        return RawRequest(method="POST", path=HOOK, headers=headers, body=gzip.compress(orjson.dumps(body)))

    def interactive(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Large ones by reference, as Apple does it."""
        whole = {"bid": BID, "data": {"version": "1.0"} | dict(data), "replyMessage": {"title": "…"}}
        packed = orjson.dumps(whole)
        if len(packed) <= LARGE:
            return {"interactiveData": whole}
        return {"interactiveDataRef": self.keep(packed) | {"bid": BID, "title": "…"}}

    def chosen(self, user: str, part: Tap) -> Mapping[str, Any]:
        """The newest message that offers it, answered."""
        for message in reversed(self.messages):
            data = message.get("interactiveData", {}).get("data", {})
            request = {"requestIdentifier": data.get("requestIdentifier", "")}
            if message["destinationId"] != user_id(user):
                continue
            items = data.get("quick-reply", {}).get("items", [])
            for index, item in enumerate(items):
                if item["identifier"] == part.payload:
                    return request | {"quick-reply": {"items": items, "selectedIndex": index}}
            for section in data.get("listPicker", {}).get("sections", []):
                if found := [item for item in section["items"] if item["identifier"] == part.payload]:
                    return request | {"listPicker": {"sections": [section | {"items": found}]}}
            slots = data.get("event", {}).get("timeslots", [])
            if found := [slot for slot in slots if slot["identifier"] == part.payload]:
                return request | {"event": {"identifier": "1", "timeslots": found}}
        item = {"identifier": part.payload, "title": part.title}
        return {"listPicker": {"sections": [{"items": [item]}]}}

    def filled(self, user: str, part: FormAnswer) -> Mapping[str, Any]:
        for message in reversed(self.messages):
            data = message.get("interactiveData", {}).get("data", {})
            if message["destinationId"] == user_id(user) and "dynamic" in data:
                pages = data["dynamic"]["data"]["pages"]
                selections = [
                    {
                        "pageIdentifier": page["pageIdentifier"],
                        "title": page["title"],
                        "items": [{"value": part.values.get(page["pageIdentifier"], ""), "type": page["type"]}],
                    }
                    for page in pages
                ]
                dynamic = {"template": "messageForms", "version": "1.2", "selections": selections}
                return {"requestIdentifier": data["requestIdentifier"], "dynamic": dynamic}
        return {}

    def keep(self, data: bytes) -> dict[str, Any]:
        """A file in Apple's store, and what a message says of it."""
        hidden, key = cipher.encrypted(data)
        blob = uuid.uuid4().hex
        self.blobs[blob] = hidden
        signature = hashlib.sha1(hidden).hexdigest()
        place = {"url": f"{self.api}/content/{blob}", "owner": "M0", "signature": signature}
        return place | {"key": key, "size": len(hidden)}

    def place(self, headers: Mapping[str, str]) -> RawResponse:
        size = headers.get("mmcs-size", "")
        if not size.isdecimal() or headers.get("source-id") != BUSINESS:
            return RawResponse(status=400)
        blob = uuid.uuid4().hex
        self.sizes[blob] = int(size)
        url = f"{self.api}/content/{blob}"
        return answer({"upload-url": url, "mmcs-url": url, "mmcs-owner": "M1"})

    def content(self, blob: str, request: RawRequest) -> RawResponse:
        if request.method == "GET":
            return RawResponse(body=self.blobs[blob]) if blob in self.blobs else nothing()
        if self.sizes.get(blob) != len(request.body):
            return RawResponse(status=400)
        self.blobs[blob] = request.body
        checksum = base64.b64encode(hashlib.sha1(request.body).digest()).decode()
        return answer({"singleFile": {"fileChecksum": checksum, "size": len(request.body)}})


def user_id(user: str) -> str:
    return user if user.startswith("urn:") else f"urn:mbid:{user}"


def answer(found: Mapping[str, Any]) -> RawResponse:
    return RawResponse(body=orjson.dumps(found), media_type="application/json")


def nothing() -> RawResponse:
    return RawResponse(status=404)
