"""Teams as it looks from outside, in memory: its service, its token server and its keys, personal chats."""

import base64
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.teams import render
from connectors.teams.events import FIELD, OURS
from connectors.teams.screen import shown
from orchestrator.ports import PHOTO, Clock, Fault, Shown
from orchestrator.types import FormAnswer, Media, Part, RawRequest, RawResponse, Tap, Text

APP, PASSWORD, TENANT, KID = "11111111-1111-4111-8111-111111111111", "stand-in-password", "stand-in", "stand-in-key"
ISSUER = "https://api.botframework.com"
HOOK = "/hooks/teams"
LARGEST = 100_000
CARD = 28_000
FAULTS: Mapping[Fault, tuple[int, Mapping[str, str], str]] = {
    "throttled": (429, {"retry-after": "1"}, "ServiceError"),
    "broken": (502, {}, "ServiceError"),
    "window_closed": (403, {}, "BotNotInConversationRoster"),
    "token_expired": (401, {}, "BadArgument"),
}


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class TeamsStandIn:
    kind = "teams"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.api = ""
        self.kid = KID
        self.numbers = itertools.count(int(clock.now().timestamp() * 1000))
        self.tokens: set[str] = set()
        self.activities: list[dict[str, Any]] = []
        self.due: list[RawRequest] = []
        self.uploads: dict[str, bytes] = {}
        self.pictures: dict[str, Media] = {}

    @property
    def service(self) -> str:
        return f"{self.api}/service/"

    def settings(self, api: str) -> Mapping[str, Any]:
        self.api = api.rstrip("/")
        return {
            "kind": "teams",
            "app_id": APP,
            "app_password": PASSWORD,
            "tenant": TENANT,
            "api": self.service,
            "login": self.api,
            "openid": f"{self.api}/v1/.well-known/openidconfiguration",
        }

    def serve(self, request: RawRequest) -> RawResponse:
        path = unquote(request.path)
        if path == "/v1/.well-known/openidconfiguration":
            return good({"issuer": ISSUER, "jwks_uri": f"{self.api}/v1/.well-known/keys"})
        if path == "/v1/.well-known/keys":
            return good({"keys": [self.public()]})
        if path == f"/{TENANT}/oauth2/v2.0/token":
            return self.token(parse_qs(request.body.decode()))
        if path.startswith("/upload/"):
            self.uploads[path.removeprefix("/upload/")] = request.body
            return RawResponse(status=201)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return bad(401, "BadArgument")
        if path.startswith("/service/v3/attachments/"):
            return RawResponse(body=PHOTO, media_type="image/png")
        return self.called(path.removeprefix("/service/v3/conversations"), request.body)

    def refuse(self, fault: Fault) -> RawResponse:
        status, headers, code = FAULTS[fault]
        answer = bad(status, code)
        return RawResponse(status=status, headers=headers, body=answer.body, media_type=answer.media_type)

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        match part:
            case Tap():
                return [self.signed(self.tap(user, part))]
            case FormAnswer(form_id=form, values=values):
                value = {OURS: {"form": form}} | {FIELD + name: text for name, text in values.items()}
                return [self.signed(self.activity(user, value=value, replyToId=self.last(user)))]
            case Media(name=name, mime=mime):
                place = f"{self.service}v3/attachments/{self.number()}/views/original"
                file = {"contentType": mime or "image/png", "contentUrl": place, "name": name}
                sent = self.activity(user, text="", attachments=[file])
                self.pictures[sent["id"]] = part
                return [self.signed(sent)]
            case Text(text=text):
                return [self.signed(self.activity(user, text=text))]
        return [self.signed(self.activity(user, text=str(getattr(part, "name", "") or part.kind)))]

    def drain(self) -> Sequence[RawRequest]:
        due, self.due = self.due, []
        return due

    def shown(self, user: str) -> Sequence[Shown]:
        mine = [each for each in self.activities if each["conversation"]["id"] == chat(user)]
        return [self.seen(each) for each in mine if each["type"] == "message"]

    def seen(self, activity: Mapping[str, Any]) -> Shown:
        """A user sees their own picture, which Teams itself gives to the bot alone."""
        picture = self.pictures.get(activity["id"])
        return replace(shown(activity), parts=(picture,)) if picture else shown(activity)

    def number(self) -> str:
        return str(next(self.numbers))

    def activity(self, user: str, **more: Any) -> dict[str, Any]:
        """What the service posts; `more` are keys of the activity, over those of a message in a personal chat."""
        found: dict[str, Any] = {
            "type": "message",
            "id": self.number(),
            "timestamp": self.clock.now().isoformat(),
            "channelId": "msteams",
            "serviceUrl": self.service,
            "from": {"id": f"29:{user}", "name": user, "aadObjectId": f"aad-{user}"},
            "conversation": {"id": chat(user), "conversationType": "personal", "tenantId": TENANT},
            "recipient": {"id": f"28:{APP}", "name": "Parley"},
            "locale": "en-US",
            **more,
        }
        if found["type"] == "message":
            self.activities.append(found)
        return found

    def signed(self, activity: Mapping[str, Any], **claims: Any) -> RawRequest:
        now = self.clock.now()
        mine = {"iss": ISSUER, "aud": APP, "serviceurl": activity.get("serviceUrl", ""), "nbf": now}
        token = jwt.encode(
            mine | {"exp": now + timedelta(hours=1)} | claims, key(), algorithm="RS256", headers={"kid": self.kid}
        )
        headers = {"content-type": "application/json; charset=utf-8", "authorization": f"Bearer {token}"}
        return RawRequest(method="POST", path=HOOK, headers=headers, body=orjson.dumps(activity))

    def public(self) -> dict[str, Any]:
        numbers = key().public_key().public_numbers()
        found = {"kty": "RSA", "use": "sig", "kid": self.kid, "n": number64(numbers.n), "e": number64(numbers.e)}
        return found | {"endorsements": ["msteams", "webchat", "directline"]}

    def token(self, asked: Mapping[str, list[str]]) -> RawResponse:
        if asked.get("client_id") != [APP] or asked.get("client_secret") != [PASSWORD]:
            return good({"error": "invalid_client"}, 401)
        token = f"token-{self.number()}"
        self.tokens.add(token)
        return good({"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def called(self, path: str, body: bytes) -> RawResponse:
        given = orjson.loads(body or b"{}")
        if not path:
            return good({"id": chat(given["members"][0]["id"].removeprefix("29:"))}, 201)
        if len(body) > LARGEST or any(len(orjson.dumps(each)) > CARD for each in given.get("attachments", [])):
            return bad(413, "MessageSizeTooBig")
        if not valid(given):
            return bad(400, "BadSyntax")
        number = self.number()
        conversation = {"id": path.removeprefix("/").removesuffix("/activities")}
        self.activities.append(given | {"id": number, "conversation": conversation, "from": {"id": f"28:{APP}"}})
        return good({"id": number}, 201)

    def tap(self, user: str, part: Tap) -> dict[str, Any]:
        """What the newest card or suggestion that offers it sends."""
        mine = (each for each in reversed(self.activities) if each["conversation"]["id"] == chat(user))
        for activity in mine:
            for button in buttons(activity):
                if button["type"] == "imBack" and button["title"] == part.title:
                    return self.activity(user, text=button["value"])
                if means(button, part.payload):
                    more = {"text": button["text"], "value": button["value"], "replyToId": activity["id"]}
                    return self.activity(user, **more)
            if any(one["value"] == part.payload for one in options(activity)):
                value = {OURS: {"list": 1}, "choice": part.payload}
                return self.activity(user, value=value, replyToId=activity["id"])
        return self.activity(user, text=part.title, value={OURS: {"payload": part.payload}})

    def last(self, user: str) -> str:
        mine = [each for each in self.activities if each["conversation"]["id"] == chat(user)]
        return str(mine[-1]["id"]) if mine else ""

    def accept(self, user: str, offer: Mapping[str, Any]) -> RawRequest:
        """The person takes a file that was offered: its `attachment`."""
        name = offer["name"]
        info = {"uploadUrl": f"{self.api}/upload/{name}", "contentUrl": f"{self.api}/files/{name}", "name": name}
        value = {"type": "fileUpload", "action": "accept", "context": offer["content"]["acceptContext"]}
        value["uploadInfo"] = info | {"uniqueId": "u-1", "fileType": name.rpartition(".")[2]}
        return self.signed(self.activity(user, type="invoke", name="fileConsent/invoke", value=value))


def chat(user: str) -> str:
    return user if user.startswith(("a:", "19:")) else f"a:{user}"


def number64(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).decode().rstrip("=")


def buttons(activity: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = list(activity.get("suggestedActions", {}).get("actions", []))
    for each in activity.get("attachments", []):
        if each["contentType"] == render.HERO:
            found += each["content"].get("buttons", [])
    return found


def means(button: Mapping[str, Any], payload: str) -> bool:
    return button["type"] == "messageBack" and bool(button["value"][OURS]["payload"] == payload)


def options(activity: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        choice
        for each in activity.get("attachments", [])
        if each["contentType"] == render.ADAPTIVE
        for item in each["content"]["body"]
        if item.get("id") == "choice"
        for choice in item["choices"]
    ]


def valid(activity: Mapping[str, Any]) -> bool:
    """What Teams refuses of a message (learn.microsoft.com/microsoftteams/platform, cards reference)."""
    attachments = activity.get("attachments", [])
    few = len(attachments) <= 10 and len(activity.get("suggestedActions", {}).get("actions", [])) <= 6
    something = activity["type"] == "typing" or activity.get("text") or attachments
    heroes = (each for each in attachments if each["contentType"] == render.HERO)
    return bool(something) and few and all(len(each["content"].get("buttons", [])) <= 6 for each in heroes)


def good(answer: Mapping[str, Any], status: int = 200) -> RawResponse:
    return RawResponse(status=status, body=orjson.dumps(answer), media_type="application/json")


def bad(status: int, code: str) -> RawResponse:
    return good({"error": {"code": code, "message": "refused"}}, status)
