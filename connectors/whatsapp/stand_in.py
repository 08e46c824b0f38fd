"""WhatsApp without WhatsApp: one business number, in memory, with the limits, codes and windows of the Cloud API."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.meta import pretend
from connectors.meta.pretend import Refused, refusal, said
from connectors.whatsapp import judge, screen
from connectors.whatsapp.read import PRODUCT
from connectors.whatsapp.render import PERSON_ID
from orchestrator.ports import PHOTO, Clock, Fault, Shown, StandIn
from orchestrator.types import FormAnswer, Location, Media, Part, RawRequest, RawResponse, Tap, Text, Unsupported

NUMBER_ID = "100000000000001"
ACCOUNT_ID = "200000000000001"
NUMBER = "15550100001"
WINDOW = timedelta(hours=24)
TYPES = {"image": "image", "gif": "video", "audio": "audio", "video": "video", "file": "document"}
REFUSALS: Mapping[Fault, tuple[Any, ...]] = {
    "throttled": (429, 130429, "Rate limit hit"),
    "broken": (500, 131000, "Something went wrong"),
    "window_closed": (400, 131047, "Re-engagement message"),
    "token_expired": (401, 190, "Error validating access token: Session has expired", 463),
}


@dataclass(slots=True)
class Talk:
    """One user's screen, and when they last wrote."""

    shown: list[Shown] = field(default_factory=list)
    offered: dict[str, tuple[str, str]] = field(default_factory=dict)
    heard: datetime | None = None
    typing: bool = False


def stand_in(clock: Clock) -> StandIn:
    return WhatsAppStandIn(clock)


class WhatsAppStandIn:
    kind = "whatsapp"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.api = ""
        self.talks: dict[str, Talk] = {}
        self.files: dict[str, tuple[bytes, str]] = {}
        self.waiting: list[Mapping[str, Any]] = []
        self.subscribed = False
        self.hooks: dict[str, Any] = {}
        self.numbers: dict[str, str] = {}
        self.count = 0

    def settings(self, api: str) -> Mapping[str, Any]:
        self.api = api
        return {
            "api": api,
            "phone_number_id": NUMBER_ID,
            "account_id": ACCOUNT_ID,
            "app_id": pretend.APP_ID,
            "app_secret": pretend.APP_SECRET,
            "verify_token": pretend.VERIFY_TOKEN,
            "access_token": pretend.TOKEN,
        }

    def serve(self, request: RawRequest) -> RawResponse:
        _, _, path = request.path.strip("/").partition("/")
        if path.partition("?")[0] == f"{pretend.APP_ID}/subscriptions":
            return pretend.subscriptions(self.hooks, request)
        if not pretend.authorised(request, pretend.TOKEN):
            return refusal(401, 190, "Invalid OAuth access token.")
        try:
            return self.served(request, path)
        except Refused as refused:
            return refusal(*refused.args)
        except (KeyError, TypeError, AttributeError):
            return refusal(400, judge.MISSING, "The request is missing a required parameter.")

    def served(self, request: RawRequest, path: str) -> RawResponse:
        routes: Mapping[tuple[str, str], Callable[[RawRequest], RawResponse]] = {
            ("POST", f"{NUMBER_ID}/messages"): self.take,
            ("POST", f"{NUMBER_ID}/media"): self.upload,
            ("GET", NUMBER_ID): self.described,
            ("POST", f"{ACCOUNT_ID}/subscribed_apps"): self.subscribe,
            ("GET", f"{ACCOUNT_ID}/subscribed_apps"): self.subscriptions,
        }
        if (route := routes.get((request.method, path))) is not None:
            return route(request)
        kept, _, last = path.rpartition("/")
        if request.method != "GET" or last not in self.files:
            return refusal(400, 100, "Unsupported request", 33)
        data, mime = self.files[last]
        if kept == "files":
            return RawResponse(body=data, media_type=mime)
        link = f"{self.api}/v23.0/files/{last}"
        return said(
            {"url": link, "mime_type": mime, "file_size": len(data), "id": last, "messaging_product": "whatsapp"}
        )

    def refuse(self, fault: Fault) -> RawResponse:
        return refusal(*REFUSALS[fault])

    def take(self, request: RawRequest) -> RawResponse:
        message = pretend.read(request)
        if message.get("status") == "read":
            return self.mark(message)
        judge.judge(message)
        user = str(message.get("to") or message["recipient"])
        talk = self.talks.setdefault(user, Talk())
        closed = talk.heard is None or self.clock.now() - talk.heard > WINDOW
        if closed and message["type"] != "template":
            raise Refused(400, 131047, "Re-engagement message")
        id = self.new_id("wamid.out")
        talk.shown.append(Shown(id=id, mine=False, parts=screen.parts(message)))
        talk.offered |= {payload: (id, form) for payload, form in offers(message)}
        talk.typing = False
        self.report(user, id, str(message.get("biz_opaque_callback_data", "")))
        contact = {"input": user, "wa_id": user} if user.isdecimal() else {"input": user, "user_id": user}
        return said({"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": id}]})

    def mark(self, message: Mapping[str, Any]) -> RawResponse:
        for talk in self.talks.values():
            if any(shown.id == message.get("message_id") for shown in talk.shown):
                talk.typing = "typing_indicator" in message
                return said({"success": True})
        raise Refused(400, judge.WRONG_VALUE, "Parameter value is not valid")

    def upload(self, request: RawRequest) -> RawResponse:
        fields, data, _ = pretend.form(request)
        if not data or not fields.get("type"):
            raise Refused(400, 100, "Param file must be a file")
        return said({"id": self.keep(data, fields["type"])})

    def keep(self, data: bytes, mime: str) -> str:
        id = str(300000000000000 + self.next())
        self.files[id] = (data, mime)
        return id

    def described(self, request: RawRequest) -> RawResponse:
        return said({"display_phone_number": f"+{NUMBER}", "verified_name": "Stand-in", "quality_rating": "GREEN"})

    def subscribe(self, request: RawRequest) -> RawResponse:
        self.subscribed = True
        return said({"success": True})

    def subscriptions(self, request: RawRequest) -> RawResponse:
        app = {"whatsapp_business_api_data": {"id": pretend.APP_ID, "name": "Stand-in"}}
        return said({"data": [app] if self.subscribed else []})

    def address(self, user: str) -> str:
        """A number or a person's id as it is; anybody else gets a number."""
        if user.isdecimal() or PERSON_ID.fullmatch(user):
            return user
        return self.numbers.setdefault(user, f"4915{len(self.numbers):09d}")

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        named, user = user, self.address(user)
        talk = self.talks.setdefault(user, Talk())
        talk.heard = self.clock.now()
        id = self.new_id("wamid.in")
        talk.shown.append(Shown(id=id, mine=True, parts=(part,), state="delivered"))
        who = {"from": user} if user.isdecimal() else {"from_user_id": user}
        key = {"wa_id": user} if user.isdecimal() else {"user_id": user}
        message = {**who, "id": id, "timestamp": self.now(), **self.content(talk, part)}
        contact = {"profile": {"name": named}, **key}
        return [self.posted({"contacts": [contact], "messages": [message]})]

    def content(self, talk: Talk, part: Part) -> Mapping[str, Any]:
        match part:
            case Tap(payload=payload, title=title):
                return tapped(payload, title, *talk.offered.get(payload, ("", "button_reply")))
            case FormAnswer(form_id=form, values=values):
                origin = talk.offered.get(form, ("", ""))[0]
                answer = {"response_json": json.dumps({**values, "flow_token": form}), "body": "Sent", "name": "flow"}
                return answered({"type": "nfm_reply", "nfm_reply": answer}, origin)
            case Media():
                return self.file(part)
            case Location():
                where = {
                    "latitude": part.latitude,
                    "longitude": part.longitude,
                    "name": part.name,
                    "address": part.address,
                }
                return {"type": "location", "location": {key: value for key, value in where.items() if value != ""}}
            case Text(text=words):
                return {"type": "text", "text": {"body": words}}
            case Unsupported(what=what):
                error = {"code": 131051, "title": "Message type unknown"}
                return {"type": "unsupported", "unsupported": {"type": what}, "errors": [error]}
        raise ValueError(f"a user of WhatsApp can't say a {part.kind}")

    def file(self, part: Media) -> Mapping[str, Any]:
        """Its bytes, where the URL is `data:…`; else a dot."""
        head, _, data = part.url.partition("base64,")
        content = base64.b64decode(data) if head.startswith("data:") else PHOTO
        mime = part.mime or "image/png"
        found = {"id": self.keep(content, mime), "mime_type": mime, "caption": part.alt, "filename": part.name}
        return {"type": TYPES[part.media], TYPES[part.media]: {key: value for key, value in found.items() if value}}

    def report(self, user: str, id: str, tracker: str) -> None:
        for state in ("sent", "delivered", "read"):
            status = {"id": id, "status": state, "timestamp": self.now(), "recipient_id": user}
            self.waiting.append(status | ({"biz_opaque_callback_data": tracker} if tracker else {}))

    def drain(self) -> Sequence[RawRequest]:
        """Each status in a delivery of its own, as Meta mostly does."""
        found, self.waiting = self.waiting, []
        for status in found:
            self.progress(str(status["id"]), status["status"])
        return [self.posted({"statuses": [status]}) for status in found]

    def progress(self, id: str, state: Any) -> None:
        for talk in self.talks.values():
            talk.shown = [replace(one, state=state) if one.id == id else one for one in talk.shown]

    def shown(self, user: str) -> Sequence[Shown]:
        talk = self.talks.get(self.address(user))
        return tuple(talk.shown) if talk else ()

    def posted(self, what: Mapping[str, Any]) -> RawRequest:
        metadata = {"display_phone_number": NUMBER, "phone_number_id": NUMBER_ID}
        value = {"messaging_product": "whatsapp", "metadata": metadata, **what}
        change = {"field": "messages", "value": value}
        return pretend.posted({"object": PRODUCT, "entry": [{"id": ACCOUNT_ID, "changes": [change]}]})

    def now(self) -> str:
        return str(int(self.clock.now().timestamp()))

    def next(self) -> int:
        self.count += 1
        return self.count

    def new_id(self, kind: str) -> str:
        return f"{kind}.{base64.b64encode(f'{self.next():012d}'.encode()).decode()}"


def offers(message: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """What may be tapped in a message, with the kind of reply it makes; a flow by its token."""
    found: list[tuple[str, str]] = []
    for part in screen.parts(message):
        form = "list_reply" if part.kind == "list" else "button_reply"
        found += [(one.payload, form) for one in getattr(part, "choices", getattr(part, "buttons", ()))]
        found += [(one.payload, form) for card in getattr(part, "cards", ()) for one in card.buttons]
        found += [(part.id, "nfm_reply")] if part.kind == "form" else []
    return found


def tapped(payload: str, title: str, origin: str, form: str) -> Mapping[str, Any]:
    return answered({"type": form, form: {"id": payload, "title": title}}, origin)


def answered(interactive: Mapping[str, Any], origin: str) -> Mapping[str, Any]:
    context = {"context": {"from": NUMBER, "id": origin}} if origin else {}
    return {"type": "interactive", "interactive": interactive, **context}
