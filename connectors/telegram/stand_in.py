"""Telegram with one bot on it, in memory: the Bot API as far as the connector uses it, and people who write."""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any, assert_never
from urllib.parse import parse_qsl

import orjson

from orchestrator.ports import Clock, Fault, Shown
from orchestrator.types import (
    Button,
    Buttons,
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
    Unsupported,
)

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
"""Telegram's own example (core.telegram.org/bots/api#authorizing-your-bot)."""
NAME = "parley_stand_in_bot"
TAG = re.compile(r"<(/?)([a-z-]+)(?:\s[^<>]*)?>")
KNOWN_TAGS = frozenset({"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote"})
DOT = bytes.fromhex(
    f"ffd8ffdb004300{'01' * 64}ffc0000b080001000101011100ffc400140001{'00' * 16}ffc400141001{'00' * 16}"
    "ffda0008010100003f003fffd9"
)
"""A JPEG of one grey dot: what every file of a user's holds."""

SENDING: Mapping[str, tuple[str, MediaKind]] = {
    "sendPhoto": ("photo", "image"),
    "sendAnimation": ("animation", "gif"),
    "sendAudio": ("audio", "audio"),
    "sendVoice": ("voice", "audio"),
    "sendVideo": ("video", "video"),
    "sendDocument": ("document", "file"),
}
SAID: Mapping[MediaKind, tuple[str, str]] = {
    "image": ("photo", "jpg"),
    "gif": ("animation", "mp4"),
    "audio": ("voice", "ogg"),
    "video": ("video", "mp4"),
    "file": ("document", "bin"),
}


class Refusal(Exception):
    def __init__(self, code: int, said: str, **parameters: Any) -> None:
        super().__init__(said)
        self.code = code
        self.answer: dict[str, Any] = {"ok": False, "error_code": code, "description": said}
        if parameters:
            self.answer["parameters"] = parameters


@dataclass
class Person:
    id: int
    name: str
    blocked: bool = False
    screen: list[tuple[Shown, Mapping[str, Any]]] = field(default_factory=list)


class TelegramStandIn:
    """Users are named by the caller and numbered here. `answered` are the taps whose spinning was stopped."""

    kind = "telegram"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.people: dict[str, Person] = {}
        self.secret = "stand-in-secret"
        self.hook: dict[str, Any] = {}
        self.updates: list[dict[str, Any]] = []
        self.answered: list[str] = []
        self.typing: list[int] = []
        self.count = 0
        self.methods: dict[str, Callable[[dict[str, Any]], Any]] = {
            "getMe": lambda _: {"id": 110201543, "is_bot": True, "first_name": "Parley", "username": NAME},
            "setWebhook": self.set_webhook,
            "deleteWebhook": self.delete_webhook,
            "getWebhookInfo": lambda _: {"url": "", "pending_update_count": 0, **self.hook},
            "getUpdates": self.get_updates,
            "sendMessage": self.send_message,
            "sendMediaGroup": self.send_album,
            "sendLocation": self.send_location,
            "sendVenue": self.send_location,
            "sendChatAction": self.send_action,
            "answerCallbackQuery": self.answer_query,
            "getFile": self.get_file,
        }

    def settings(self, api: str) -> Mapping[str, Any]:
        return {"token": TOKEN, "secret": self.secret, "api": api, "poll_seconds": 0}

    def serve(self, request: RawRequest) -> RawResponse:
        token, _, method = request.path.removeprefix("/file").removeprefix("/bot").partition("/")
        if token != TOKEN:
            return answered(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        if request.path.startswith("/file/"):
            return RawResponse(body=DOT, media_type="application/octet-stream")
        try:
            return answered(200, {"ok": True, "result": self.call(method, read(request))})
        except Refusal as refusal:
            return answered(refusal.code, refusal.answer)

    def refuse(self, fault: Fault) -> RawResponse:
        match fault:
            case "throttled":
                refusal = Refusal(429, "Too Many Requests: retry after 3", retry_after=3)
            case "broken":
                return RawResponse(status=502, body=b"<html>Bad Gateway</html>", media_type="text/html")
            case "window_closed":
                refusal = Refusal(403, "Forbidden: bot can't initiate conversation with a user")
            case "token_expired":
                refusal = Refusal(401, "Unauthorized")
            case _:
                assert_never(fault)
        return answered(refusal.code, refusal.answer)

    def call(self, method: str, given: dict[str, Any]) -> Any:
        if method in SENDING:
            return self.send_media(method, given)
        if method not in self.methods:
            raise Refusal(404, "Not Found")
        return self.methods[method](given)

    def set_webhook(self, given: dict[str, Any]) -> bool:
        url = str(given.get("url", ""))
        if not url.startswith(("https://", "http://127.0.0.1")):
            raise Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        self.secret = str(given.get("secret_token", ""))
        self.hook = {"url": url, "allowed_updates": list(given.get("allowed_updates") or ())}
        return True

    def delete_webhook(self, given: dict[str, Any]) -> bool:
        self.hook = {}
        return True

    def get_updates(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        if self.hook:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first")
        offset = int(given.get("offset") or 0)
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        return self.updates[:100]

    def send_message(self, given: dict[str, Any]) -> dict[str, Any]:
        person = self.reached(given)
        text = plain(given, "text")
        limited(text, 4096, "Bad Request: message is too long")
        if not text.strip():
            raise Refusal(400, "Bad Request: message text is empty")
        return self.show(person, keyed(text, markup_of(given)), given)

    def send_media(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        person = self.reached(given)
        name, kind = SENDING[method]
        file = given.get(name)
        if not file:
            raise Refusal(400, f"Bad Request: there is no {name} in the request")
        # Of documents Telegram itself fetches PDF, ZIP and GIF only.
        if name == "document" and isinstance(file, str) and not file.lower().endswith((".pdf", ".zip", ".gif")):
            raise Refusal(400, "Bad Request: wrong type of the web page content")
        caption = plain(given, "caption")
        limited(caption, 1024, "Bad Request: message caption is too long")
        url = file if isinstance(file, str) else f"attach://{file['name']}"
        under = keyed(caption, markup_of(given)) if given.get("reply_markup") else ()
        picture = Media(url=url, media=kind, alt="" if under else caption)
        return self.show(person, (picture, *under), given)

    def send_album(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        person, items = self.reached(given), given.get("media") or []
        if not 2 <= len(items) <= 10:
            raise Refusal(400, "Bad Request: the number of media in an album must be 2-10")
        return [self.show(person, (Media(url=one["media"], alt=one.get("caption", "")),), given) for one in items]

    def send_location(self, given: dict[str, Any]) -> dict[str, Any]:
        place = Location(
            latitude=float(given["latitude"]),
            longitude=float(given["longitude"]),
            name=str(given.get("title", "")),
            address=str(given.get("address", "")),
        )
        return self.show(self.reached(given), (place,), given)

    def send_action(self, given: dict[str, Any]) -> bool:
        self.typing.append(self.reached(given).id)
        return True

    def answer_query(self, given: dict[str, Any]) -> bool:
        self.answered.append(str(given.get("callback_query_id")))
        return True

    def get_file(self, given: dict[str, Any]) -> dict[str, Any]:
        name = str(given.get("file_id", ""))
        if not name.startswith("file-"):
            raise Refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        return {"file_id": name, "file_size": len(DOT), "file_path": f"photos/{name}.jpg"}

    def reached(self, given: dict[str, Any]) -> Person:
        found = next((one for one in self.people.values() if str(one.id) == str(given.get("chat_id"))), None)
        if found is None:
            raise Refusal(400, "Bad Request: chat not found")
        if found.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return found

    def show(self, person: Person, parts: tuple[Part, ...], given: Mapping[str, Any]) -> dict[str, Any]:
        self.count += 1
        message = {
            "message_id": self.count,
            "chat": {"id": person.id, "type": "private"},
            "date": int(self.clock.now().timestamp()),
            "reply_markup": given.get("reply_markup", {}),
        }
        person.screen.append((Shown(id=f"{person.id}:{self.count}", mine=False, parts=parts), message))
        return message

    def person(self, user: str) -> Person:
        return self.people.setdefault(user, Person(id=1001 + len(self.people), name=user))

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        person = self.person(user)
        if isinstance(part, Tap) and (found := self.offered(person, part)) is not None:
            return [self.posted({"callback_query": found})]
        self.count += 1
        person.screen.append((Shown(id=f"{person.id}:{self.count}", mine=True, parts=(part,)), {}))
        message = {
            "message_id": self.count,
            "from": self.face(person),
            "chat": {"id": person.id, "type": "private", "first_name": person.name},
            "date": int(self.clock.now().timestamp()),
            **said(part, self.count),
        }
        return [self.posted({"message": message})]

    def offered(self, person: Person, tap: Tap) -> dict[str, Any] | None:
        """The tap, when a button under a message on the screen has its payload."""
        for shown, message in reversed(person.screen):
            for part in shown.parts:
                found = [one for one in part.buttons if one.payload == tap.payload] if isinstance(part, Buttons) else []
                if found:
                    self.count += 1
                    query = {"id": f"query-{self.count}", "from": self.face(person), "chat_instance": "1"}
                    return {**query, "message": message, "data": tap.payload}
        return None

    def face(self, person: Person) -> dict[str, Any]:
        return {"id": person.id, "is_bot": False, "first_name": person.name, "language_code": "en"}

    def block(self, user: str, blocked: bool = True) -> Sequence[RawRequest]:
        """The person blocks the bot, or lets it in again."""
        person = self.person(user)
        person.blocked = blocked
        states = ("member", "kicked") if blocked else ("kicked", "member")
        change = {
            "chat": {"id": person.id, "type": "private"},
            "from": self.face(person),
            "date": int(self.clock.now().timestamp()),
            "old_chat_member": {"status": states[0]},
            "new_chat_member": {"status": states[1]},
        }
        return [self.posted({"my_chat_member": change})]

    def posted(self, update: dict[str, Any]) -> RawRequest:
        self.count += 1
        numbered = {"update_id": 870_000_000 + self.count, **update}
        self.updates.append(numbered)
        headers = {"content-type": "application/json", "x-telegram-bot-api-secret-token": self.secret}
        return RawRequest(method="POST", path="/", headers=headers, body=orjson.dumps(numbered))

    def drain(self) -> Sequence[RawRequest]:
        """Telegram tells bots neither of delivery nor of reading."""
        return ()

    def shown(self, user: str) -> Sequence[Shown]:
        return [shown for shown, _ in self.person(user).screen]


def answered(status: int, body: Mapping[str, Any]) -> RawResponse:
    return RawResponse(status=status, body=orjson.dumps(body), media_type="application/json")


def read(request: RawRequest) -> dict[str, Any]:
    """JSON, a form, or a form with files; those as their name and bytes."""
    mime = request.headers.get("content-type", "")
    if mime.startswith("multipart/form-data"):
        whole = message_from_bytes(f"content-type: {mime}\r\n\r\n".encode() + request.body)
        return dict(map(piece, whole.get_payload()))
    if mime.startswith("application/json"):
        found: dict[str, Any] = orjson.loads(request.body or b"{}")
        return found
    return {**request.query, **dict(parse_qsl(request.body.decode()))}


def piece(part: Any) -> tuple[str, Any]:
    name = part.get_param("name", header="content-disposition")
    data = part.get_payload(decode=True)
    if filename := part.get_filename():
        return name, {"name": filename, "data": data}
    text = data.decode()
    return name, orjson.loads(text) if text.startswith(("{", "[")) else text


def plain(given: Mapping[str, Any], name: str) -> str:
    """What is read once the markup is. Raises Refusal where Telegram could not read it."""
    text = str(given.get(name) or "")
    if given.get("parse_mode") != "HTML":
        return text
    open_tags: list[str] = []
    for closing, tag in TAG.findall(text):
        if tag not in KNOWN_TAGS:
            raise Refusal(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        if not closing:
            open_tags.append(tag)
        elif not open_tags or open_tags.pop() != tag:
            raise Refusal(400, f'Bad Request: can\'t parse entities: Unexpected end tag "{tag}"')
    left = TAG.sub("", text)
    if open_tags or "<" in left:
        raise Refusal(400, "Bad Request: can't parse entities: Can't find end tag")
    return html.unescape(left)


def limited(text: str, most: int, said: str) -> None:
    if len(text.encode("utf-16-le")) // 2 > most:
        raise Refusal(400, said)


def markup_of(given: Mapping[str, Any]) -> Mapping[str, Any]:
    found = given.get("reply_markup") or {}
    for key in (key for row in found.get("inline_keyboard", ()) for key in row):
        if not 1 <= len(str(key.get("callback_data", "x")).encode()) <= 64:
            raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
        if not str(key.get("url", "https://")).startswith(("http://", "https://", "tg://")):
            raise Refusal(400, "Bad Request: inline keyboard button URL is invalid: Unsupported URL protocol")
    return dict(found)


def keyed(text: str, found: Mapping[str, Any]) -> tuple[Part, ...]:
    if rows := found.get("inline_keyboard"):
        keys = (key for row in rows for key in row)
        buttons = (Button(title=k["text"], payload=k.get("callback_data", ""), url=k.get("url", "")) for k in keys)
        return (Buttons(text=text, buttons=tuple(buttons)),)
    if rows := found.get("keyboard"):
        titles = (key["text"] for row in rows for key in row)
        return (QuickReplies(text=text, choices=tuple(Choice(title=title, payload=title) for title in titles)),)
    return (Text(text=text),)


def said(part: Part, number: int) -> dict[str, Any]:
    """The fields of a message that says so."""
    match part:
        case Text(text=text):
            command = text.split()[0] if text.startswith("/") else ""
            entities = [{"type": "bot_command", "offset": 0, "length": len(command)}] if command else []
            return {"text": text, **({"entities": entities} if entities else {})}
        case Tap(title=title, payload=payload):
            return {"text": title or payload}
        case Media(media=kind, alt=alt):
            name, ending = SAID[kind]
            file = {"file_id": f"file-{number}", "file_name": part.name or f"file.{ending}", "file_size": len(DOT)}
            held: Any = [{**file, "width": 1, "height": 1}] if name == "photo" else file
            return {name: held, **({"caption": alt} if alt else {})}
        case Location(latitude=latitude, longitude=longitude):
            return {"location": {"latitude": latitude, "longitude": longitude}}
        case FormAnswer(form_id=form_id, values=values):
            data = orjson.dumps({"form_id": form_id, **values}).decode()
            return {"web_app_data": {"data": data, "button_text": form_id}}
        case Unsupported(what=what):
            return {what: {}}
        case _:
            return {"text": getattr(part, "text", "") or part.kind}
