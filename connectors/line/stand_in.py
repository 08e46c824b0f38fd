"""LINE with one account on it, in memory: the Messaging API as far as the connector uses it, and people who write."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never
from uuid import UUID

import orjson

from connectors.line import screen
from connectors.line.screen import Refusal
from orchestrator.ports import PHOTO, Clock, Fault, Shown
from orchestrator.types import (
    FormAnswer,
    Location,
    Media,
    Part,
    RawRequest,
    RawResponse,
    Tap,
    Text,
    Unsupported,
)

SECRET = "8c570fa6dd201bb328f1c1eac23a96d8"
TOKEN = "stand-in/channel+access+token="
ME = "U00000000000000000000000000000me"
REPLY_SECONDS = 60.0
ENDPOINT = "/v2/bot/channel/webhook/endpoint"


@dataclass
class Person:
    id: str
    name: str
    friend: bool = True
    screen: list[Shown] = field(default_factory=list)


class LineStandIn:
    """Users are named by the caller. `quota` are the pushes left this month, `loading` and `read` what was asked."""

    kind = "line"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.people: dict[str, Person] = {}
        self.hook: dict[str, Any] = {}
        self.tokens: dict[str, tuple[str, float]] = {}
        self.keys: dict[str, list[dict[str, str]]] = {}
        self.quota = 500
        self.loading: list[str] = []
        self.read: list[str] = []
        self.count = 0
        self.methods: dict[tuple[str, str], Callable[[dict[str, Any], Mapping[str, str]], Any]] = {
            ("GET", "/v2/bot/info"): lambda *_: {"userId": ME, "basicId": "@standin", "displayName": "Parley"},
            ("PUT", ENDPOINT): self.set_hook,
            ("GET", ENDPOINT): self.get_hook,
            ("POST", "/v2/bot/channel/webhook/test"): lambda *_: {"success": True, "statusCode": 200, "reason": "OK"},
            ("GET", "/v2/bot/message/quota"): lambda *_: {"type": "limited", "value": 500},
            ("GET", "/v2/bot/message/quota/consumption"): lambda *_: {"totalUsage": 500 - self.quota},
            ("POST", "/v2/bot/message/reply"): self.reply,
            ("POST", "/v2/bot/message/push"): self.push,
            ("POST", "/v2/bot/chat/loading/start"): self.load,
            ("POST", "/v2/bot/chat/markAsRead"): self.mark_read,
        }

    def settings(self, api: str) -> Mapping[str, Any]:
        return {"secret": SECRET, "token": TOKEN, "api": api, "data_api": api}

    def serve(self, request: RawRequest) -> RawResponse:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return answered(401, "Authentication failed. Confirm that the access token is valid.")
        if request.path.endswith("/content"):
            known = request.path.split("/")[-2].isdecimal()
            return RawResponse(body=PHOTO, media_type="image/png") if known else answered(404, "Not found")
        method = self.methods.get((request.method, request.path))
        if method is None:
            return answered(404, "Not found")
        try:
            given = orjson.loads(request.body or b"{}")
            return RawResponse(body=orjson.dumps(method(given, request.headers)), media_type="application/json")
        except Refusal as refusal:
            return answered(refusal.status, str(refusal), **refusal.more)

    def refuse(self, fault: Fault) -> RawResponse:
        match fault:
            case "throttled":
                return answered(429, "The API rate limit has been exceeded. Try again later.")
            case "broken":
                return answered(500, "The server is not available. Try again later.")
            case "window_closed":
                return answered(429, "You have reached your monthly limit.")
            case "token_expired":
                return answered(401, "Authentication failed. Confirm that the access token is valid.")
            case _:
                assert_never(fault)

    def set_hook(self, given: dict[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        endpoint = str(given.get("endpoint", ""))
        if not endpoint.startswith("https://"):
            raise Refusal(400, "Invalid webhook endpoint URL")
        self.hook = {"endpoint": endpoint, "active": self.hook.get("active", False)}
        return {}

    def get_hook(self, given: dict[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        if not self.hook:
            raise Refusal(404, "Webhook endpoint not found")
        return self.hook

    def reply(self, given: dict[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        user, at = self.tokens.pop(str(given.get("replyToken")), ("", 0.0))
        if not user or self.clock.now().timestamp() - at > REPLY_SECONDS:
            raise Refusal(400, "Invalid reply token")
        return {"sentMessages": self.show(self.people[user], given)}

    def push(self, given: dict[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        key = headers.get("x-line-retry-key", "")
        if key:
            UUID(key)
        if key in self.keys:
            raise Refusal(409, "The retry key is already accepted", sentMessages=self.keys[key])
        person = next((one for one in self.people.values() if one.id == given.get("to")), None)
        if person is None:
            raise Refusal(400, "Failed to send messages")
        if not self.quota:
            raise Refusal(429, "You have reached your monthly limit.")
        sent = self.show(person, given)
        self.quota -= 1
        if key:
            self.keys[key] = sent
        return {"sentMessages": sent}

    def show(self, person: Person, given: Mapping[str, Any]) -> list[dict[str, str]]:
        """Who has blocked the account sees nothing, and LINE does not tell."""
        messages = given.get("messages") or []
        if not 1 <= len(messages) <= 5:
            raise Refusal(400, "The request body has 1 error(s)")
        seen = [screen.parts(message) for message in messages]
        sent = []
        for parts in seen:
            self.count += 1
            sent.append({"id": str(self.count), "quoteToken": f"quote-{self.count}"})
            if person.friend:
                person.screen.append(Shown(id=str(self.count), mine=False, parts=parts))
        return sent

    def load(self, given: dict[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        if given.get("loadingSeconds", 20) not in range(5, 61, 5):
            raise Refusal(400, "loadingSeconds is invalid")
        self.loading.append(str(given.get("chatId")))
        return {}

    def mark_read(self, given: dict[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        self.read.append(str(given.get("markAsReadToken")))
        return {}

    def person(self, user: str) -> Person:
        return self.people.setdefault(user, Person(id=f"U{len(self.people) + 1:032x}", name=user))

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        person = self.person(user)
        self.count += 1
        person.screen.append(Shown(id=str(self.count), mine=True, parts=(part,)))
        if isinstance(part, Tap):
            return [self.posted([self.event(user, "postback", postback={"data": part.payload or part.title})])]
        message = {"id": str(self.count), "markAsReadToken": f"read-{self.count}", **said(part)}
        return [self.posted([self.event(user, "message", message=message)])]

    def follow(self, user: str, friend: bool = True) -> Sequence[RawRequest]:
        """The person adds the account as a friend, or blocks it."""
        self.person(user).friend = friend
        return [self.posted([self.event(user, "follow" if friend else "unfollow")])]

    def event(self, user: str, kind: str, **more: Any) -> dict[str, Any]:
        self.count += 1
        now = self.clock.now().timestamp()
        token = f"{self.count:032}"
        self.tokens[token] = (user, now)
        return {
            "type": kind,
            "mode": "active",
            "timestamp": int(now * 1000),
            "source": {"type": "user", "userId": self.person(user).id},
            "webhookEventId": f"01EVENT{self.count:019}",
            "deliveryContext": {"isRedelivery": False},
            **({} if kind == "unfollow" else {"replyToken": token}),
            **more,
        }

    def posted(self, events: Sequence[Mapping[str, Any]]) -> RawRequest:
        body = orjson.dumps({"destination": ME, "events": events})
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
        headers = {"content-type": "application/json", "x-line-signature": base64.b64encode(digest).decode()}
        return RawRequest(method="POST", path="/", headers=headers, body=body)

    def drain(self) -> Sequence[RawRequest]:
        """LINE tells bots neither of delivery nor of reading."""
        return ()

    def shown(self, user: str) -> Sequence[Shown]:
        return list(self.person(user).screen)


def answered(status: int, said: str, **more: Any) -> RawResponse:
    return RawResponse(status=status, body=orjson.dumps({"message": said, **more}), media_type="application/json")


def said(part: Part) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text, "quoteToken": "quote"}
        case Media(media=kind, name=name):
            found = "image" if kind == "gif" else kind
            more = {"fileName": name or "file.bin", "fileSize": len(PHOTO)} if found == "file" else {}
            return {"type": found, "contentProvider": {"type": "line"}, **more}
        case Location(latitude=latitude, longitude=longitude):
            return {"type": "location", "latitude": latitude, "longitude": longitude}
        case FormAnswer(values=values):
            return {"type": "text", "text": "\n".join(values.values())}
        case Unsupported(what=what):
            return {"type": what}
        case _:
            return {"type": "text", "text": getattr(part, "text", "") or part.kind}
