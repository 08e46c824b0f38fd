"""A provider with one mailbox, in memory: Postmark, because it takes mail in and sends it by HTTP alone.

What its users see is read from the JSON it was sent; a tap on a choice is the mail its link writes.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

import orjson

from orchestrator.ports import PHOTO, Clock, Fault, Shown
from orchestrator.types import (
    Button,
    Card,
    Carousel,
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

ADDRESS = "help@shop.example"
TOKEN = "00000000-0000-4000-8000-000000000001"
USER, PASSWORD = "parley", "a password for the hook"
LARGEST_BODY = 5_242_880
LARGEST_MAIL = 10_485_760
MEDIA: Mapping[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}
FAULTS: Mapping[Fault, tuple[int, int, str]] = {
    "throttled": (429, 429, "Rate limit exceeded."),
    "broken": (500, 100, "Maintenance."),
    "window_closed": (422, 406, "You tried to send to a recipient that has been marked as inactive."),
    "token_expired": (401, 10, "The Server Token you provided in the X-Postmark-Server-Token header was invalid."),
}


class PostmarkStandIn:
    kind = "email"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.screens: dict[str, list[Shown]] = {}
        self.last: dict[str, Mapping[str, Any]] = {}
        self.waiting: list[RawRequest] = []
        self.count = 0

    def settings(self, api: str) -> Mapping[str, Any]:
        return {
            "kind": "email",
            "address": ADDRESS,
            "provider": "postmark",
            "api": api,
            "api_key": TOKEN,
            "hook_user": USER,
            "hook_password": PASSWORD,
        }

    def serve(self, request: RawRequest) -> RawResponse:
        if request.method != "POST" or request.path.rstrip("/") != "/email":
            return problem(404, 404, "There is nothing here.")
        if request.headers.get("x-postmark-server-token") != TOKEN:
            return self.refuse("token_expired")
        try:
            mail = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return problem(422, 402, "Invalid JSON.")
        if (refusal := refused(mail)) is not None:
            return refusal
        return self.taken(mail)

    def refuse(self, fault: Fault) -> RawResponse:
        return problem(*FAULTS[fault])

    def taken(self, mail: Mapping[str, Any]) -> RawResponse:
        self.count += 1
        given = f"00000000-0000-4000-9000-{self.count:012}"
        user = mail["To"].lower()
        self.screens.setdefault(user, []).append(Shown(id=given, mine=False, parts=seen(mail)))
        self.last[user] = mail
        delivered = {
            "RecordType": "Delivery",
            "MessageID": given,
            "Recipient": user,
            "DeliveredAt": self.clock.now().isoformat(),
            "Metadata": mail.get("Metadata", {}),
        }
        self.waiting.append(self.posted(delivered))
        answer = {"To": user, "SubmittedAt": self.clock.now().isoformat(), "MessageID": given, "ErrorCode": 0}
        return RawResponse(body=orjson.dumps({**answer, "Message": "OK"}), media_type="application/json")

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        self.count += 1
        address = user if "@" in user else f"{user}@example.org"
        mine = Shown(id=f"in-{self.count}", mine=True, parts=(part,), state="delivered")
        self.screens.setdefault(address.lower(), []).append(mine)
        last = self.last.get(address.lower())
        mail: dict[str, Any] = {
            "FromFull": {"Email": address, "Name": user.partition("@")[0], "MailboxHash": ""},
            "To": ADDRESS,
            "ToFull": [{"Email": ADDRESS, "Name": "", "MailboxHash": ""}],
            "OriginalRecipient": ADDRESS,
            "Subject": str(last["Subject"]) if last else "A question",
            "MessageID": f"in-{self.count}",
            "Date": self.clock.now().strftime("%a, %d %b %Y %H:%M:%S +0000"),
            "TextBody": written(part) + (quotation(last) if last else ""),
            "Headers": headers(f"in-{self.count}", last),
            "Attachments": attachments(part),
        }
        return [self.posted(mail)]

    def posted(self, body: Mapping[str, Any]) -> RawRequest:
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return RawRequest(
            method="POST",
            path="/",
            headers={"content-type": "application/json", "authorization": f"Basic {basic}"},
            body=orjson.dumps(body),
        )

    def drain(self) -> Sequence[RawRequest]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def shown(self, user: str) -> Sequence[Shown]:
        address = (user if "@" in user else f"{user}@example.org").lower()
        return tuple(self.screens.get(address, ()))


def problem(status: int, code: int, message: str) -> RawResponse:
    headers = {"Retry-After": "1"} if status == 429 else {}
    body = orjson.dumps({"ErrorCode": code, "Message": message})
    return RawResponse(status=status, body=body, media_type="application/json", headers=headers)


def refused(mail: Any) -> RawResponse | None:
    """What Postmark takes and what not (postmarkapp.com/developer/api/email-api)."""
    if not isinstance(mail, dict) or not mail.get("From") or "@" not in str(mail.get("To", "")):
        return problem(422, 300, "Invalid 'From' or 'To' address.")
    if not (mail.get("TextBody") or mail.get("HtmlBody")):
        return problem(422, 300, "Provide either email TextBody or HtmlBody or both.")
    if any(len(str(mail.get(name, ""))) > LARGEST_BODY for name in ("TextBody", "HtmlBody")):
        return problem(413, 413, "Body is too large.")
    files = mail.get("Attachments", [])
    if sum(len(file["Content"]) * 3 // 4 for file in files) > LARGEST_MAIL:
        return problem(413, 413, "Attachments are too large.")
    given = mail.get("Metadata", {})
    if len(given) > 10 or any(len(name) > 20 or len(str(value)) > 80 for name, value in given.items()):
        return problem(422, 300, "Metadata is too large.")
    return None


class Page(HTMLParser):
    """What stands on a mail's page: its cards, and the choices, which are links to a mail that names one."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[Card] = []
        self.choices: list[Button] = []
        self.picture: dict[str, str] = {}
        self.link = ""
        self.strong = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.picture = given
        self.strong = tag == "strong"
        found = re.search(r"[?&]body=([^&]*)", given.get("href", ""))
        self.link = unquote(found[1]) if tag == "a" and found and given["href"].startswith("mailto:") else ""

    def handle_data(self, data: str) -> None:
        if self.link:
            self.offer(Button(title=data, payload=self.link))
            self.link = ""
        elif self.strong and self.picture:
            picture, self.picture = self.picture, {}
            self.cards.append(Card(title=data, image=picture.get("src", ""), alt=picture.get("alt", "")))
        elif self.cards and not self.cards[-1].subtitle and not self.cards[-1].buttons:
            self.cards[-1] = replace(self.cards[-1], subtitle=data)

    def offer(self, button: Button) -> None:
        if self.cards and button.payload.endswith(self.cards[-1].title) and button.payload != button.title:
            card = self.cards[-1]
            self.cards[-1] = replace(card, buttons=(*card.buttons, button))
        else:
            self.choices.append(button)


def seen(mail: Mapping[str, Any]) -> tuple[Part, ...]:
    page = Page()
    page.feed(mail.get("HtmlBody", ""))
    drawn = {line for card in page.cards for line in (card.title, card.subtitle, *(b.title for b in card.buttons))}
    drawn |= {button.title for button in page.choices}
    words = "\n".join(line for line in mail.get("TextBody", "").split("\n") if line.removeprefix("• ") not in drawn)
    parts: list[Part] = []
    if page.choices:
        choices = tuple(Choice(title=one.title, payload=one.payload) for one in page.choices)
        parts.append(QuickReplies(text=words.strip(), choices=choices))
    elif words.strip():
        parts.append(Text(text=words.strip()))
    parts += [Carousel(cards=tuple(page.cards))] if page.cards else []
    for file in mail.get("Attachments", []):
        media = MEDIA.get(str(file["ContentType"]).partition("/")[0], "file")
        parts.append(Media(url=f"cid:{file['Name']}", media=media, mime=file["ContentType"], name=file["Name"]))
    return tuple(parts)


def written(part: Part) -> str:
    match part:
        case Text(text=text):
            return text
        case Tap(title=title, payload=payload):
            return payload or title
        case FormAnswer(values=values):
            return "\n".join(f"{name}: {value}" for name, value in values.items())
        case Location(latitude=latitude, longitude=longitude):
            return f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}"
        case Media(alt=alt):
            return alt
        case _:
            return ""


def quotation(mail: Mapping[str, Any]) -> str:
    lines = "\n".join(f"> {line}" for line in str(mail.get("TextBody", "")).split("\n"))
    return f"\n\nOn Sun, 1 Nov 2026 at 12:00, Help <{ADDRESS}> wrote:\n{lines}\n"


def headers(message_id: str, last: Mapping[str, Any] | None) -> list[Mapping[str, str]]:
    found: list[Mapping[str, str]] = [{"Name": "Message-ID", "Value": f"<{message_id}@mail.example.org>"}]
    if last:
        ours = next(each["Value"] for each in last["Headers"] if each["Name"] == "Message-ID")
        found += [{"Name": "In-Reply-To", "Value": ours}, {"Name": "References", "Value": ours}]
    return found


def attachments(part: Part) -> list[Mapping[str, str]]:
    """What a user sends is a file of one of a few bytes: its URL is of the simulator, not of the platform."""
    if not isinstance(part, Media):
        return []
    data = base64.b64encode(PHOTO if part.media == "image" else b"a file").decode()
    mime = part.mime or ("image/png" if part.media == "image" else "text/plain")
    return [{"Name": part.name or "file", "Content": data, "ContentType": mime, "ContentID": ""}]
