"""WeChat with one official account on it, in memory: encrypted messages out, the customer-service API in."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from connectors.wechat import crypto, xml
from connectors.wechat.settings import key
from orchestrator.ports import PHOTO, Clock, Fault, Shown
from orchestrator.types import (
    Choice,
    FormAnswer,
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

APP = "wx0000000000000001"
SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = "parleystandin"
AES_KEY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
ACCOUNT = "gh_0123456789ab"
LONGEST = 2048
MOST_MESSAGES = 20
"""Between two of the customer's."""
WINDOW = timedelta(hours=48)
KINDS: Mapping[str, MediaKind] = {"image": "image", "voice": "audio", "video": "video"}
FAULTS: Mapping[Fault, tuple[int, str]] = {
    "throttled": (45011, "api minute-quota reach limit, must slower, retry next minute"),
    "broken": (-1, "system error"),
    "window_closed": (45015, "response out of time limit or subscription is canceled"),
    "token_expired": (42001, "access_token expired"),
}


class WeChatStandIn:
    kind = "wechat"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.screens: dict[str, list[Shown]] = {}
        self.heard: dict[str, datetime] = {}
        self.since: dict[str, int] = {}
        self.gone: set[str] = set()
        self.api = ""
        self.files: dict[str, bytes] = {}
        self.menu: Any = None
        self.tokens = 1
        self.count = 0

    def settings(self, api: str) -> Mapping[str, Any]:
        self.api = api
        return {
            "kind": "wechat",
            "app_id": APP,
            "app_secret": SECRET,
            "token": TOKEN,
            "aes_key": AES_KEY,
            "account": ACCOUNT,
            "api": api,
        }

    @property
    def access_token(self) -> str:
        return f"token-{self.tokens}"

    def serve(self, request: RawRequest) -> RawResponse:
        if request.path == "/cgi-bin/stable_token":
            return self.give_token(orjson.loads(request.body))
        if request.path.startswith("/seen/"):
            body = self.files.get(request.path.removeprefix("/seen/"), b"")
            return RawResponse(body=body, media_type="image/*")
        if request.query.get("access_token") != self.access_token:
            return said(40001, "invalid credential, access_token is invalid or not latest")
        match request.path:
            case "/cgi-bin/message/custom/send":
                return self.take(request.body)
            case "/cgi-bin/message/custom/typing" | "/cgi-bin/menu/create":
                self.menu = orjson.loads(request.body) if request.path.endswith("create") else self.menu
                return said(0, "ok")
            case "/cgi-bin/message/template/send":
                self.count += 1
                return said(0, "ok", msgid=self.count)
            case "/cgi-bin/media/upload":
                return self.keep(request)
            case "/cgi-bin/media/get":
                data = self.files.get(request.query.get("media_id", ""))
                return RawResponse(body=data, media_type="image/png") if data else said(40007, "invalid media_id")
        return said(40066, "invalid url")

    def refuse(self, fault: Fault) -> RawResponse:
        return said(*FAULTS[fault])

    def give_token(self, given: Mapping[str, Any]) -> RawResponse:
        if given.get("appid") != APP or given.get("secret") != SECRET:
            return said(40125, "invalid appsecret")
        self.tokens += given.get("force_refresh") is True
        body = orjson.dumps({"access_token": self.access_token, "expires_in": 7200})
        return RawResponse(body=body, media_type="application/json")

    def keep(self, request: RawRequest) -> RawResponse:
        media_id = "m-" + hashlib.sha256(request.body).hexdigest()[:20]
        self.files[media_id] = request.body.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
        return said(0, "ok", type=request.query.get("type"), media_id=media_id)

    def take(self, body: bytes) -> RawResponse:
        if b"\\u" in body:
            return said(40033, "invalid charset")
        given = orjson.loads(body)
        user = given.get("touser", "")
        if (refusal := self.wrong(user, given)) is not None:
            return said(*refusal)
        self.count += 1
        self.since[user] += 1
        self.screens[user].append(Shown(id=f"out-{self.count}", mine=False, parts=seen(given, self.api)))
        return said(0, "ok")

    def wrong(self, user: str, given: Mapping[str, Any]) -> tuple[int, str] | None:
        if user not in self.screens:
            return 40003, "invalid openid"
        if user in self.gone:
            return 43004, "require subscribe"
        if self.clock.now() - self.heard[user] > WINDOW:
            return FAULTS["window_closed"]
        if self.since[user] >= MOST_MESSAGES:
            return 45047, "out of response count limit"
        if len(given.get("text", {}).get("content", "").encode()) > LONGEST:
            return 45002, "content size out of limit"
        kind = given.get("msgtype", "")
        if kind in KINDS and given[kind].get("media_id") not in self.files:
            return 40007, "invalid media_id"
        return None

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        """A newcomer follows the account first."""
        who = openid(user)
        requests = [] if who in self.screens and who not in self.gone else [self.event(who, "subscribe")]
        self.gone.discard(who)
        self.count += 1
        self.heard[who], self.since[who] = self.clock.now(), 0
        self.screens.setdefault(who, []).append(
            Shown(id=f"in-{self.count}", mine=True, parts=(part,), state="delivered")
        )
        return [*requests, self.posted(who, {**self.said(part), "MsgId": 7_000_000_000_000_000_000 + self.count})]

    def leave(self, user: str) -> Sequence[RawRequest]:
        """The user follows the account no longer."""
        self.gone.add(openid(user))
        return [self.event(openid(user), "unsubscribe")]

    def event(self, who: str, kind: str) -> RawRequest:
        return self.posted(who, {"MsgType": "event", "Event": kind, "EventKey": ""})

    def said(self, part: Part) -> Mapping[str, str | int]:
        match part:
            case Text(text=text):
                return {"MsgType": "text", "Content": text}
            case Tap():
                return {"MsgType": "text", "Content": part.title, "bizmsgmenuid": part.payload}
            case Location():
                place = {"Location_X": str(part.latitude), "Location_Y": str(part.longitude), "Label": part.name}
                return {"MsgType": "location", "Scale": 20, **place}
            case Media():
                media_id = f"in-{self.count}"
                self.files[media_id] = PHOTO
                kind = {"image": "image", "audio": "voice", "video": "video"}.get(part.media, "image")
                return {"MsgType": kind, "MediaId": media_id}
            case FormAnswer(values=values):
                content = "\n".join(f"{name}: {value}" for name, value in values.items())
                return {"MsgType": "text", "Content": content}
            case _:
                return {"MsgType": "unknown"}

    def posted(self, who: str, fields: Mapping[str, str | int]) -> RawRequest:
        seconds = int(self.clock.now().timestamp())
        self.count += 1
        whole = {"ToUserName": ACCOUNT, "FromUserName": who, "CreateTime": seconds, **fields}
        encrypted = crypto.sealed(key(AES_KEY), APP, xml.written(whole))
        timestamp, nonce = str(seconds), str(self.count)
        query = {
            "signature": crypto.signature(TOKEN, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": who,
            "encrypt_type": "aes",
            "msg_signature": crypto.signature(TOKEN, timestamp, nonce, encrypted),
        }
        body = xml.written({"ToUserName": ACCOUNT, "Encrypt": encrypted})
        return RawRequest(method="POST", path="/", headers={"content-type": "text/xml"}, query=query, body=body)

    def drain(self) -> Sequence[RawRequest]:
        """WeChat reports nothing on customer-service messages."""
        return ()

    def shown(self, user: str) -> Sequence[Shown]:
        return tuple(self.screens.get(openid(user), ()))


def openid(user: str) -> str:
    return user if re.fullmatch(r"o[\w-]{20,}", user) else "o" + hashlib.sha256(user.encode()).hexdigest()[:27]


def seen(given: Mapping[str, Any], api: str) -> tuple[Part, ...]:
    kind = given["msgtype"]
    if kind == "msgmenu":
        listed = given["msgmenu"]
        choices = tuple(Choice(title=one["content"], payload=one["id"]) for one in listed["list"])
        return (QuickReplies(text=listed["head_content"], choices=choices),)
    if kind in KINDS:
        return (Media(url=f"{api}/seen/{given[kind]['media_id']}", media=KINDS[kind]),)
    return (Text(text=given["text"]["content"]),)


def said(code: int, message: str, **more: Any) -> RawResponse:
    body = orjson.dumps({"errcode": code, "errmsg": message, **more})
    return RawResponse(body=body, media_type="application/json")
