"""Viber with one bot on it, in memory: the REST API as far as the connector uses it, and people who write."""

import hashlib
import hmac
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, assert_never
from urllib.parse import urlsplit

import orjson

from orchestrator.ports import Clock, Fault, Shown
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Location,
    Media,
    Part,
    RawRequest,
    RawResponse,
    Tap,
    Text,
    Unsupported,
)

TOKEN = "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9"
"""Viber's own example (developers.viber.com/docs/api/rest-bot-api)."""
FIRST_TOKEN = 4_912_661_846_655_238_145
TAG = re.compile(r"<[^<>]{1,60}>")
TYPES = frozenset({"text", "picture", "video", "file", "location", "contact", "sticker", "url", "rich_media"})


@dataclass
class Person:
    id: str
    name: str
    subscribed: bool = False
    tracked: str = ""
    screen: list[Shown] = field(default_factory=list)


class Refusal(Exception):
    """`status` and what Viber calls it."""


class ViberStandIn:
    """Users are named by the caller. Everything that is sent is delivered and seen at once; `drain` tells so."""

    kind = "viber"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.people: dict[str, Person] = {}
        self.hook: dict[str, Any] = {}
        self.waiting: list[RawRequest] = []
        self.count = FIRST_TOKEN

    def settings(self, api: str) -> Mapping[str, Any]:
        return {"token": TOKEN, "name": "Parley", "api": api}

    def serve(self, request: RawRequest) -> RawResponse:
        if request.headers.get("x-viber-auth-token") != TOKEN:
            return answered(2, "invalidAuthToken")
        given = orjson.loads(request.body)
        try:
            match request.path.rpartition("/")[2]:
                case "send_message":
                    return answered(0, "ok", message_token=self.send(given))
                case "set_webhook":
                    return self.set_webhook(given)
                case "get_account_info":
                    return answered(0, "ok", id="pa:1", name="Parley", uri="parley", **self.hook)
                case _:
                    return RawResponse(status=404)
        except Refusal as refusal:
            return answered(*refusal.args)

    def refuse(self, fault: Fault) -> RawResponse:
        match fault:
            case "throttled":
                return answered(12, "tooManyRequests")
            case "broken":
                return RawResponse(status=503)
            case "window_closed":
                return answered(6, "receiverNotSubscribed")
            case "token_expired":
                return answered(2, "invalidAuthToken")
            case _:
                assert_never(fault)

    def set_webhook(self, given: Mapping[str, Any]) -> RawResponse:
        url = str(given.get("url", ""))
        if urlsplit(url).scheme not in ("https", "http"):
            return answered(1, "invalidUrl")
        events = list(given.get("event_types") or ())
        self.hook = {"webhook": url, "event_types": events}
        self.waiting.append(self.posted({"event": "webhook"}))
        return answered(0, "ok", event_types=events)

    def send(self, given: Mapping[str, Any]) -> int:
        person = next((one for one in self.people.values() if one.id == given.get("receiver")), None)
        if person is None:
            raise Refusal(5, "receiverNotRegistered")
        if not person.subscribed:
            raise Refusal(6, "receiverNotSubscribed")
        parts = shown(given)
        self.count += 1
        person.tracked = str(given.get("tracking_data") or "")
        person.screen.append(Shown(id=str(self.count), mine=False, parts=parts))
        about = {"message_token": self.count, "user_id": person.id}
        self.waiting += [self.posted({"event": event, **about}) for event in ("delivered", "seen")]
        return self.count

    def person(self, user: str) -> Person:
        return self.people.setdefault(user, Person(id=f"{len(self.people) + 1:011}A=", name=user))

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        """Whoever writes has subscribed by it."""
        person = self.person(user)
        person.subscribed = True
        self.count += 1
        person.screen.append(Shown(id=str(self.count), mine=True, parts=(part,)))
        tracked = {"tracking_data": person.tracked} if person.tracked else {}
        message = {**said(part), **tracked}
        body = {"event": "message", "message_token": self.count, "sender": self.face(person), "message": message}
        return [self.posted({**body, "silent": isinstance(part, Tap)})]

    def start(self, user: str, context: str = "") -> Sequence[RawRequest]:
        """The person opens the chat, by a link with this context."""
        person = self.person(user)
        self.count += 1
        body = {"event": "conversation_started", "message_token": self.count, "type": "open"}
        with_context = {"context": context} if context else {}
        return [self.posted({**body, **with_context, "user": self.face(person), "subscribed": person.subscribed})]

    def welcomed(self, user: str, answer: bytes) -> None:
        """What the hook answered to that."""
        given = orjson.loads(answer or b"{}")
        if given.get("type"):
            person = self.person(user)
            person.tracked = str(given.get("tracking_data") or "")
            person.screen.append(Shown(id="welcome", mine=False, parts=shown(given)))

    def unsubscribe(self, user: str) -> Sequence[RawRequest]:
        person = self.person(user)
        person.subscribed = False
        self.count += 1
        return [self.posted({"event": "unsubscribed", "user_id": person.id, "message_token": self.count})]

    def face(self, person: Person) -> dict[str, Any]:
        return {"id": person.id, "name": person.name, "country": "GB", "language": "en", "api_version": 10}

    def posted(self, body: Mapping[str, Any]) -> RawRequest:
        data = orjson.dumps({"timestamp": int(self.clock.now().timestamp() * 1000), **body})
        signature = hmac.new(TOKEN.encode(), data, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json", "x-viber-content-signature": signature}
        return RawRequest(method="POST", path="/", headers=headers, body=data)

    def drain(self) -> Sequence[RawRequest]:
        waiting, self.waiting = self.waiting, []
        for request in waiting:
            self.seen(orjson.loads(request.body))
        return waiting

    def seen(self, told: Mapping[str, Any]) -> None:
        if told["event"] == "seen":
            for person in self.people.values():
                ours = (str(told["message_token"]), False)
                person.screen[:] = [
                    replace(one, state="read") if (one.id, one.mine) == ours else one for one in person.screen
                ]

    def shown(self, user: str) -> Sequence[Shown]:
        return list(self.person(user).screen)


def answered(status: int, said: str, **more: Any) -> RawResponse:
    body = orjson.dumps({"status": status, "status_message": said, **more})
    return RawResponse(body=body, media_type="application/json")


def shown(given: Mapping[str, Any]) -> tuple[Part, ...]:
    """Raises Refusal for what Viber would not take."""
    kind, sender = given.get("type"), given.get("sender") or {}
    if kind not in TYPES:
        raise Refusal(3, "badData: type")
    if not 1 <= len(str(sender.get("name", ""))) <= 28:
        raise Refusal(3, "badData: sender.name")
    if len(str(given.get("tracking_data") or "")) > 4096 or len(str(given.get("text") or "")) > 7000:
        raise Refusal(3, "badData: too long")
    needs = {"picture": ("media",), "video": ("media", "size"), "file": ("media", "size", "file_name")}
    if missing := [name for name in needs.get(str(kind), ()) if not given.get(name)]:
        raise Refusal(4, f"missingData: {missing[0]}")
    match kind:
        case "rich_media":
            return (rich(given),)
        case "location":
            return (Location(latitude=given["location"]["lat"], longitude=given["location"]["lon"]),)
        case "picture" | "video" | "file" | "url" if kind != "url" or given.get("media"):
            media = {"picture": "image", "video": "video", "url": "gif"}.get(str(kind), "file")
            return (Media(url=given["media"], media=media, alt=str(given.get("text") or "")),)  # type: ignore[arg-type]
        case _:
            if not str(given.get("text") or "").strip():
                raise Refusal(4, "missingData: text")
            return (keyed(given),)


def keyed(given: Mapping[str, Any]) -> Part:
    keyboard = given.get("keyboard")
    if keyboard is None:
        return Text(text=given["text"])
    if len(orjson.dumps(keyboard)) > 30_000:
        raise Refusal(3, "badData: keyboard is too big")
    return Buttons(text=given["text"], buttons=tuple(button(one) for one in keyboard["Buttons"]))


def button(given: Mapping[str, Any]) -> Button:
    if len(str(given.get("Text", ""))) > 250 or not 1 <= given["Columns"] <= 6 or not 1 <= given["Rows"] <= 7:
        raise Refusal(3, "badData: button")
    title = html.unescape(TAG.sub("", str(given.get("Text", ""))))
    if given["ActionType"] == "open-url":
        return Button(title=title, url=given["ActionBody"])
    return Button(title=title, payload=given["ActionBody"])


def rich(given: Mapping[str, Any]) -> Carousel:
    if int(given.get("min_api_version") or 1) < 2:
        raise Refusal(13, "apiVersionNotSupported")
    rows, cards, filled = list(given["rich_media"]["Buttons"]), [], 0
    found: list[Mapping[str, Any]] = []
    for row in rows:
        found.append(row)
        filled += row["Rows"]
        if filled > given["rich_media"]["ButtonsGroupRows"]:
            raise Refusal(3, "badData: rich_media")
        if filled == given["rich_media"]["ButtonsGroupRows"]:
            cards.append(card(found))
            found, filled = [], 0
    if found or not 1 <= len(cards) <= 6:
        raise Refusal(3, "badData: rich_media")
    return Carousel(cards=tuple(cards))


def card(rows: Sequence[Mapping[str, Any]]) -> Card:
    image = next((str(row["Image"]) for row in rows if row.get("Image")), "")
    words = next(row for row in rows if row.get("TextHAlign"))
    title, _, subtitle = str(words["Text"]).partition("<br>")
    return Card(
        title=html.unescape(TAG.sub("", title)),
        subtitle=html.unescape(TAG.sub("", subtitle)),
        image=image,
        buttons=tuple(button(row) for row in rows if not row.get("Image") and not row.get("TextHAlign")),
    )


def said(part: Part) -> dict[str, Any]:
    """The message that says so. A tap on a button sends its action's body."""
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Tap(payload=payload, title=title):
            return {"type": "text", "text": payload or title}
        case Media(media=kind, url=url, alt=alt, name=name):
            found = {"image": "picture", "video": "video"}.get(kind, "file")
            more = {"file_name": name or "file.bin", "file_size": part.size or 1} if found == "file" else {}
            return {"type": found, "media": url, **({"text": alt} if alt else {}), **more}
        case Location(latitude=latitude, longitude=longitude):
            return {"type": "location", "location": {"lat": latitude, "lon": longitude}}
        case Unsupported(what=what):
            return {"type": what}
        case _:
            return {"type": "text", "text": getattr(part, "text", "") or part.kind}
