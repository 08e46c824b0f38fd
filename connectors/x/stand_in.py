"""X with one account on it, in memory: its webhook by Account Activity, its API for direct messages, and people."""

import base64
import hmac
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from orchestrator.ports import PHOTO, Clock, Fault, Shown
from orchestrator.types import FormAnswer, Location, Media, MediaKind, Part, RawRequest, RawResponse, Tap, Text

OWN = "10000001"
CONSUMER_KEY, CONSUMER_SECRET = "standInKey", "standInConsumerSecret"
ACCESS_TOKEN, ACCESS_SECRET = f"{OWN}-standInToken", "standInTokenSecret"
LONGEST = 10_000
KINDS: Mapping[str, MediaKind] = {"dm_image": "image", "dm_gif": "gif", "dm_video": "video"}
FILES = "https://ton.twitter.com/1.1/ton/data/dm/"


class XStandIn:
    kind = "x"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.screens: dict[str, list[Shown]] = {}
        self.closed: set[str] = set()
        self.api = ""
        self.media: dict[str, MediaKind] = {}
        self.files: dict[str, bytes] = {}
        self.webhooks: list[dict[str, Any]] = []
        self.waiting: list[RawRequest] = []
        self.count = 1_090_000_000_000_000_000

    def settings(self, api: str) -> Mapping[str, Any]:
        self.api = api
        return {
            "kind": "x",
            "user_id": OWN,
            "consumer_key": CONSUMER_KEY,
            "consumer_secret": CONSUMER_SECRET,
            "access_token": ACCESS_TOKEN,
            "access_secret": ACCESS_SECRET,
            "api": api,
        }

    def serve(self, request: RawRequest) -> RawResponse:
        if request.path.startswith("/seen/"):
            return RawResponse(body=self.files.get(request.path.removeprefix("/seen/"), b""), media_type="image/*")
        given = request.headers.get("authorization", "")
        if not (known(given) or given == "Bearer app"):
            return self.refuse("token_expired")
        if found := re.fullmatch(r"/2/dm_conversations/with/(\d+)/messages", request.path):
            return self.take(found[1], orjson.loads(request.body))
        if request.path.startswith(urlsplit(FILES).path):
            return RawResponse(body=PHOTO, media_type="image/png")
        if request.path == "/2/users/me":
            return answered({"id": OWN, "username": "shop", "name": "Shop"})
        if request.path == "/2/webhooks":
            return self.webhook(request)
        if request.path == "/2/activity/subscriptions":
            return answered({"subscription_id": "1"})
        if request.path.startswith("/2/media/upload"):
            return self.upload(request)
        return refusal(404, "Not Found")

    def refuse(self, fault: Fault) -> RawResponse:
        match fault:
            case "throttled":
                reset = str(int(self.clock.now().timestamp()) + 1)
                headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}
                return refusal(429, "Too Many Requests", headers=headers)
            case "broken":
                return refusal(503, "Service Unavailable")
            case "window_closed":
                return refusal(403, "You cannot send messages to this user.", errors=[{"code": 349}])
            case "token_expired":
                return refusal(401, "Unauthorized")

    def webhook(self, request: RawRequest) -> RawResponse:
        if request.method == "POST":
            made = {"id": str(len(self.webhooks) + 1), "url": orjson.loads(request.body)["url"], "valid": True}
            self.webhooks.append(made)
            return RawResponse(body=orjson.dumps({"data": made}), media_type="application/json")
        return RawResponse(body=orjson.dumps({"data": self.webhooks}), media_type="application/json")

    def upload(self, request: RawRequest) -> RawResponse:
        given = orjson.loads(request.body or b"{}")
        if "media_category" in given:
            self.count += 1
            self.media[str(self.count)] = KINDS[given["media_category"]]
            self.files[str(self.count)] = base64.b64decode(given.get("media", ""))
            return answered({"id": str(self.count)})
        if "media" in given:
            self.files[request.path.split("/")[-2]] += base64.b64decode(given["media"])
        return answered({"processing_info": {"state": "succeeded"}} if "finalize" in request.path else {})

    def take(self, user: str, given: Mapping[str, Any]) -> RawResponse:
        words, attached = given.get("text", ""), given.get("attachments", [])
        if user in self.closed:
            return self.refuse("window_closed")
        if not words and not attached:
            return refusal(400, "One of text or attachments is required")
        if len(words) > LONGEST or any(one.get("media_id") not in self.media for one in attached):
            return refusal(400, "One or more parameters to your request was invalid.")
        self.count += 1
        parts: list[Part] = [self.opened(one["media_id"]) for one in attached]
        parts += [Text(text=words)] if words else []
        self.screens.setdefault(user, []).append(Shown(id=str(self.count), mine=False, parts=tuple(parts)))
        # X tells an account what it wrote itself.
        self.waiting.append(self.posted({"direct_message_events": [self.created(OWN, user, {"text": words})]}))
        conversation = f"{OWN}-{user}"
        return answered({"dm_conversation_id": conversation, "dm_event_id": str(self.count)}, 201)

    def opened(self, media_id: str) -> Media:
        """As the user's app shows it."""
        return Media(url=f"{self.api}/seen/{media_id}", media=self.media[media_id])

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        self.count += 1
        who = number(user)
        mine = Shown(id=str(self.count), mine=True, parts=(part,), state="delivered")
        self.screens.setdefault(who, []).append(mine)
        users = {who: {"id": who, "name": user, "screen_name": user.lower()}}
        return [self.posted({"direct_message_events": [self.created(who, OWN, said(part))], "users": users})]

    def saw(self, user: str) -> RawRequest:
        """The user read everything so far."""
        read = {"sender_id": number(user), "target": {"recipient_id": OWN}, "created_timestamp": self.millis}
        return self.posted({"direct_message_mark_read_events": [read]})

    @property
    def millis(self) -> str:
        return str(int(self.clock.now().timestamp() * 1000))

    def created(self, sender: str, recipient: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        create = {"target": {"recipient_id": recipient}, "sender_id": sender, "message_data": data}
        return {
            "type": "message_create",
            "id": str(self.count),
            "created_timestamp": self.millis,
            "message_create": create,
        }

    def posted(self, body: Mapping[str, Any]) -> RawRequest:
        data = orjson.dumps({"for_user_id": OWN, **body})
        seal = base64.b64encode(hmac.digest(CONSUMER_SECRET.encode(), data, "sha256")).decode()
        headers = {"content-type": "application/json", "x-twitter-webhooks-signature": f"sha256={seal}"}
        return RawRequest(method="POST", path="/", headers=headers, body=data)

    def drain(self) -> Sequence[RawRequest]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def shown(self, user: str) -> Sequence[Shown]:
        return tuple(self.screens.get(number(user), ()))


def known(authorization: str) -> bool:
    """By the token: whether the signature is right, tests/connectors/test_x.py checks against X's own example."""
    return authorization.startswith("OAuth ") and f'oauth_token="{ACCESS_TOKEN}"' in authorization


def number(user: str) -> str:
    return user if user.isdecimal() else str(700_000_000_000_000_000 + zlib.crc32(user.encode()))


def said(part: Part) -> Mapping[str, Any]:
    match part:
        case Text(text=words):
            return {"text": words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}
        case Tap():
            return {"text": part.title or part.payload}
        case Location(latitude=latitude, longitude=longitude):
            point = {"type": "Point", "coordinates": [longitude, latitude]}
            shared = {"type": "shared_coordinate", "shared_coordinate": {"coordinates": point}}
            return {"text": "", "attachment": {"type": "location", "location": shared}}
        case Media():
            link = "https://t.co/standin"
            media = {"id": 1, "url": link, "media_url_https": f"{FILES}1.png", "type": "photo"}
            return {"text": f"{part.alt} {link}".strip(), "attachment": {"type": "media", "media": media}}
        case FormAnswer(values=values):
            return {"text": "\n".join(f"{name}: {value}" for name, value in values.items())}
        case _:
            return {"text": ""}


def answered(data: Mapping[str, Any], status: int = 200) -> RawResponse:
    return RawResponse(status=status, body=orjson.dumps({"data": data}), media_type="application/json")


def refusal(
    status: int, detail: str, *, errors: Sequence[Mapping[str, Any]] = (), headers: Mapping[str, str] | None = None
) -> RawResponse:
    body = orjson.dumps({"title": detail, "detail": detail, "status": status, "errors": list(errors)})
    return RawResponse(status=status, body=body, media_type="application/json", headers=headers or {})
