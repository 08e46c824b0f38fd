"""An inbox of Meta's without Meta: one page or account, in memory, with the limits, codes and windows of its API."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.meta import inbox_judge, inbox_screen, pretend
from connectors.meta.inbox_settings import Flavour
from connectors.meta.pretend import Refused, refusal, said
from orchestrator.ports import PHOTO, Clock, Fault, Shown
from orchestrator.types import Location, Media, Part, RawRequest, RawResponse, Tap, Text, Unsupported

ACCOUNT = "400000000000001"
WINDOW = timedelta(hours=24)
HUMAN_WINDOW = timedelta(days=7)
KINDS = {"image": "image", "gif": "image", "audio": "audio", "video": "video", "file": "file"}
OUTSIDE = (400, 10, "This message is sent outside of allowed window.", 2018278)
REFUSALS: Mapping[Fault, tuple[Any, ...]] = {
    "throttled": (400, 613, "Calls to this api have exceeded the rate limit."),
    "broken": (500, 2, "Service temporarily unavailable"),
    "window_closed": OUTSIDE,
    "token_expired": (401, 190, "Error validating access token: Session has expired", 463),
}


@dataclass(slots=True)
class Talk:
    """One user's screen, when they last wrote, and whether they see that an answer is coming."""

    shown: list[Shown] = field(default_factory=list)
    replies: set[str] = field(default_factory=set)
    heard: datetime | None = None
    typing: bool = False


class InboxStandIn:
    """`key` is the name of the account's id in the channel's settings. `human_agent`: whether the app has the
    permission of that name."""

    def __init__(self, flavour: Flavour, key: str, clock: Clock, *, human_agent: bool = True) -> None:
        self.flavour = flavour
        self.kind = flavour.kind
        self.key = key
        self.clock = clock
        self.human_agent = human_agent
        self.api = ""
        self.talks: dict[str, Talk] = {}
        self.files: dict[str, tuple[bytes, str]] = {}
        self.waiting: list[Mapping[str, Any]] = []
        self.fields: list[str] = []
        self.profile: dict[str, Any] = {}
        self.hooks: dict[str, Any] = {}
        self.count = 0

    def settings(self, api: str) -> Mapping[str, Any]:
        self.api = api
        return {
            "api": api,
            self.key: ACCOUNT,
            "app_id": pretend.APP_ID,
            "app_secret": pretend.APP_SECRET,
            "verify_token": pretend.VERIFY_TOKEN,
            "access_token": pretend.TOKEN,
        }

    def serve(self, request: RawRequest) -> RawResponse:
        _, _, path = request.path.strip("/").partition("/")
        if path.startswith("files/"):
            return self.file(path.removeprefix("files/"))
        if path == f"{pretend.APP_ID}/subscriptions":
            return pretend.subscriptions(self.hooks, request)
        if not pretend.authorised(request, pretend.TOKEN):
            return refusal(401, 190, "Invalid OAuth access token.")
        try:
            return self.served(request, path)
        except Refused as refused:
            return refusal(*refused.args)
        except (KeyError, TypeError, AttributeError):
            return refusal(400, 100, "Invalid parameter")

    def served(self, request: RawRequest, path: str) -> RawResponse:
        where, _, edge = path.rpartition("/")
        routes: Mapping[tuple[str, str], Callable[[RawRequest], RawResponse]] = {
            ("POST", "messages"): self.take,
            ("POST", "message_attachments"): self.upload,
            ("POST", "subscribed_apps"): self.subscribe,
            ("GET", "subscribed_apps"): self.subscriptions,
            ("POST", "messenger_profile"): self.set_profile,
        }
        if request.method == "GET" and path == "me":
            return said({"id": ACCOUNT, "name": "Stand-in", "username": "stand.in"})
        if request.method == "GET" and path in self.talks:
            return said({"id": path, "first_name": "User", "last_name": path[-4:], "name": f"User {path[-4:]}"})
        route = routes.get((request.method, edge))
        if route is None or where not in ("me", ACCOUNT):
            return refusal(400, 100, "Unsupported request", 33)
        return route(request)

    def file(self, id: str) -> RawResponse:
        data, mime = self.files.get(id, (b"", ""))
        return RawResponse(body=data, media_type=mime) if data else RawResponse(status=404)

    def refuse(self, fault: Fault) -> RawResponse:
        return refusal(*REFUSALS[fault])

    def take(self, request: RawRequest) -> RawResponse:
        call = pretend.read(request)
        user = str(call["recipient"]["id"])
        talk = self.talks.get(user)
        if talk is None:
            raise Refused(400, 100, "No matching user found", 2018001)
        if action := call.get("sender_action"):
            talk.typing = action == "typing_on"
            return said({"recipient_id": user})
        self.judge(call, talk)
        mid = self.new_id("out")
        shown = inbox_screen.parts(call["message"])
        talk.shown.append(Shown(id=mid, mine=False, parts=shown))
        talk.replies = {one.payload for part in shown if part.kind == "quick_replies" for one in part.choices}
        talk.typing = False
        self.report(user, mid, call["message"])
        return said({"recipient_id": user, "message_id": mid})

    def judge(self, call: Mapping[str, Any], talk: Talk) -> None:
        """Raises Refused."""
        silence = self.clock.now() - talk.heard if talk.heard else HUMAN_WINDOW * 2
        if call.get("messaging_type") == "MESSAGE_TAG":
            if call.get("tag") != "HUMAN_AGENT":
                raise Refused(400, 100, "Invalid parameter: this tag is retired")
            if not self.human_agent:
                raise Refused(400, 10, "Application does not have permission for this action", 2018276)
            if silence > HUMAN_WINDOW:
                raise Refused(*OUTSIDE)
        elif silence > WINDOW:
            raise Refused(*OUTSIDE)
        inbox_judge.judge(call["message"], self.flavour.limits)

    def report(self, user: str, mid: str, message: Mapping[str, Any]) -> None:
        echo = {"mid": mid, "is_echo": True, **inbox_screen.echoed(message)}
        if self.flavour.tracked:
            echo |= {"app_id": int(pretend.APP_ID), "metadata": message.get("metadata", "")}
        self.waiting.append(self.event(ACCOUNT, user, message=echo))
        now = self.milliseconds()
        if self.flavour.tracked:
            self.waiting.append(self.event(user, ACCOUNT, delivery={"mids": [mid], "watermark": now}))
            self.waiting.append(self.event(user, ACCOUNT, read={"watermark": now}))
        else:
            self.waiting.append(self.event(user, ACCOUNT, read={"mid": mid}))

    def upload(self, request: RawRequest) -> RawResponse:
        fields, data, _ = pretend.form(request)
        if not data or "message" not in fields:
            raise Refused(400, 100, "Upload attachment failure.", 2018047)
        return said({"attachment_id": self.keep(data, "application/octet-stream")})

    def keep(self, data: bytes, mime: str) -> str:
        id = str(500000000000000 + self.next())
        self.files[id] = (data, mime)
        return id

    def subscribe(self, request: RawRequest) -> RawResponse:
        self.fields = str(pretend.read(request).get("subscribed_fields", "")).split(",")
        return said({"success": True})

    def subscriptions(self, request: RawRequest) -> RawResponse:
        return said({"data": [{"id": pretend.APP_ID, "subscribed_fields": self.fields}] if self.fields else []})

    def set_profile(self, request: RawRequest) -> RawResponse:
        self.profile = pretend.read(request)
        return said({"result": "success"})

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        talk = self.talks.setdefault(user, Talk())
        talk.heard = self.clock.now()
        mid = self.new_id("in")
        talk.shown.append(Shown(id=mid, mine=True, parts=(part,), state="delivered"))
        if isinstance(part, Tap) and part.payload not in talk.replies:
            return [
                self.posted(
                    self.event(user, ACCOUNT, postback={"mid": mid, "title": part.title, "payload": part.payload})
                )
            ]
        return [self.posted(self.event(user, ACCOUNT, message={"mid": mid, **self.content(part)}))]

    def content(self, part: Part) -> Mapping[str, Any]:
        match part:
            case Text(text=words):
                return {"text": words}
            case Tap(payload=payload, title=title):
                return {"text": title or payload, "quick_reply": {"payload": payload}}
            case Media():
                found = {"type": KINDS[part.media], "payload": {"url": self.link(part)}}
                return {"attachments": [found]} | ({"text": part.alt} if part.alt else {})
            case Location(latitude=latitude, longitude=longitude, name=name):
                where = {"coordinates": {"lat": latitude, "long": longitude}}
                return {"attachments": [{"type": "location", "title": name, "payload": where}]}
            case Unsupported():
                return {"is_unsupported": True}
        raise ValueError(f"a user of {self.flavour.who} can't say a {part.kind}")

    def link(self, part: Media) -> str:
        """Where its bytes are: those of the URL, if it is `data:…`; else a dot."""
        head, _, data = part.url.partition("base64,")
        content = base64.b64decode(data) if head.startswith("data:") else PHOTO
        return f"{self.api}/v23.0/files/{self.keep(content, part.mime or 'image/png')}"

    def drain(self) -> Sequence[RawRequest]:
        found, self.waiting = self.waiting, []
        for event in found:
            self.progress(event)
        return [self.posted(event) for event in found]

    def progress(self, event: Mapping[str, Any]) -> None:
        if "message" in event:
            return
        state: Any = "read" if "read" in event else "delivered"
        talk = self.talks[event["sender"]["id"]]
        talk.shown = [one if one.mine else replace(one, state=state) for one in talk.shown]

    def shown(self, user: str) -> Sequence[Shown]:
        return tuple(self.talks[user].shown) if user in self.talks else ()

    def event(self, sender: str, recipient: str, **what: Any) -> Mapping[str, Any]:
        frame = {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": self.milliseconds()}
        return {**frame, **what}

    def posted(self, event: Mapping[str, Any]) -> RawRequest:
        entry = {"id": ACCOUNT, "time": self.milliseconds(), "messaging": [event]}
        return pretend.posted({"object": self.flavour.product, "entry": [entry]})

    def milliseconds(self) -> int:
        return int(self.clock.now().timestamp() * 1000)

    def next(self) -> int:
        self.count += 1
        return self.count

    def new_id(self, kind: str) -> str:
        return f"m_{kind}{self.next():012d}"
