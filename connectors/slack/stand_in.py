"""Slack as it looks from outside, in memory: one workspace, one app, direct messages with whoever writes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from connectors.slack import forms, signature
from connectors.slack.screen import Refusal, checked, shown
from orchestrator.ports import PHOTO, Clock, Fault, Shown
from orchestrator.types import FormAnswer, Media, Part, RawRequest, RawResponse, Tap, Text

TOKEN = "xoxb-stand-in"
SECRET = "stand-in-signing-secret"
TEAM, APP, BOT_USER, BOT = "T0STANDIN", "A0STANDIN", "U0PARLEY", "B0PARLEY"
HOOK = "/hooks/slack"
FAULTS: Mapping[Fault, tuple[int, Mapping[str, str], str]] = {
    "throttled": (429, {"retry-after": "1"}, "ratelimited"),
    "broken": (503, {}, "service_unavailable"),
    "window_closed": (200, {}, "is_archived"),
    "token_expired": (200, {}, "token_revoked"),
}


class SlackStandIn:
    kind = "slack"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.api = ""
        self.count = 0
        self.messages: list[dict[str, Any]] = []
        self.pictures: dict[str, Media] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.due: list[RawRequest] = []
        self.filling: dict[str, FormAnswer] = {}
        self.triggers: dict[str, str] = {}
        self.statuses: list[Mapping[str, str]] = []

    def settings(self, api: str) -> Mapping[str, Any]:
        self.api = api.rstrip("/")
        return {"kind": "slack", "token": TOKEN, "signing_secret": SECRET, "api": self.api}

    def serve(self, request: RawRequest) -> RawResponse:
        method = request.path.strip("/")
        if method.startswith("files-pri/"):
            return self.private_file(request)
        if method.startswith("upload/"):
            return self.uploaded(method.removeprefix("upload/"), request.body)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return no("invalid_auth")
        call = self.methods().get(method)
        if call is None:
            return no("unknown_method")
        try:
            return yes(call(fields_of(request)))
        except Refusal as error:
            return no(str(error))

    def methods(self) -> Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        return {
            "auth.test": lambda given: {"user": "parley", "user_id": BOT_USER, "team": "Stand-in", "team_id": TEAM},
            "assistant.threads.setStatus": self.status,
            "chat.postMessage": self.post,
            "conversations.open": lambda given: {"channel": {"id": direct(given.get("users", ""))}},
            "conversations.replies": self.replies,
            "files.completeUploadExternal": self.complete,
            "files.getUploadURLExternal": self.upload_place,
            "files.info": lambda given: {"file": self.files.get(given.get("file", ""), {})},
            "users.info": lambda given: {"user": {"id": given.get("user"), "real_name": given.get("user", "")}},
            "views.open": self.open_view,
        }

    def refuse(self, fault: Fault) -> RawResponse:
        status, headers, error = FAULTS[fault]
        return RawResponse(status=status, headers=headers, body=no(error).body, media_type="application/json")

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        match part:
            case Tap():
                return [self.tap(user, part)]
            case FormAnswer():
                return self.fill(user, part)
            case Media():
                sent = self.message(user, "", [self.file(user, part)])
                self.pictures[self.messages[-1]["ts"]] = part
                return [sent]
            case Text(text=text):
                return [self.message(user, text, [])]
        return [self.message(user, str(getattr(part, "text", "") or getattr(part, "name", "") or part.kind), [])]

    def drain(self) -> Sequence[RawRequest]:
        due, self.due = self.due, []
        return due

    def shown(self, user: str) -> Sequence[Shown]:
        return [self.seen(each) for each in self.messages if each["channel"] == direct(user)]

    def seen(self, message: Mapping[str, Any]) -> Shown:
        """A user sees their own picture, which Slack itself gives to the app alone."""
        picture = self.pictures.get(message["ts"])
        return replace(shown(message), parts=(picture,)) if picture else shown(message)

    def ts(self) -> str:
        self.count += 1
        return f"{self.clock.now().timestamp():.0f}.{self.count:06}"

    def message(self, user: str, text: str, files: list[dict[str, Any]], **more: Any) -> RawRequest:
        """The event of a direct message, or of one elsewhere: `more` are keys of the message."""
        ts = self.ts()
        said = {"type": "message", "channel": direct(user), "channel_type": "im", "user": user, "text": text, "ts": ts}
        said |= {"event_ts": ts} | ({"files": files, "subtype": "file_share"} if files else {}) | more
        self.messages.append(said)
        return self.event(said)

    def event(self, event: Mapping[str, Any]) -> RawRequest:
        self.count += 1
        body = {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": APP,
            "event": dict(event),
            "event_id": f"Ev{self.count:08}",
            "event_time": int(self.clock.now().timestamp()),
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
        }
        return self.signed(orjson.dumps(body), "application/json")

    def interaction(self, data: Mapping[str, Any], user: str) -> RawRequest:
        whole = {"team": {"id": TEAM}, "user": {"id": user, "name": user}, "api_app_id": APP} | dict(data)
        body = urlencode({"payload": orjson.dumps(whole).decode()}).encode()
        return self.signed(body, "application/x-www-form-urlencoded")

    def command(self, user: str, name: str, text: str, channel: str = "") -> RawRequest:
        self.count += 1
        fields = {"command": name, "text": text, "user_id": user, "user_name": user, "team_id": TEAM}
        fields |= {"channel_id": channel or direct(user), "api_app_id": APP, "trigger_id": f"c.{self.count}"}
        return self.signed(urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def signed(self, body: bytes, kind: str) -> RawRequest:
        at = str(int(self.clock.now().timestamp()))
        headers = {"content-type": kind, "x-slack-request-timestamp": at}
        headers["x-slack-signature"] = signature.sign(SECRET, at, body)
        return RawRequest(method="POST", path=HOOK, headers=headers, body=body)

    def tap(self, user: str, part: Tap) -> RawRequest:
        """On the newest message that offers it."""
        for message in reversed(self.messages):
            for element in elements(message):
                if message["channel"] == direct(user) and (found := acted(element, part)) is not None:
                    return self.act(user, message, found)
        return self.act(user, {"channel": direct(user), "ts": ""}, {"action_id": "gone", "value": part.payload})

    def act(self, user: str, message: Mapping[str, Any], action: Mapping[str, Any]) -> RawRequest:
        at = self.ts()
        trigger = f"t.{self.count}"
        self.triggers[trigger] = user
        channel, ts = message["channel"], message["ts"]
        data = {
            "type": "block_actions",
            "trigger_id": trigger,
            "container": {"type": "message", "channel_id": channel, "message_ts": ts}
            | ({"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {}),
            "channel": {"id": channel},
            "message": dict(message),
            "actions": [{"type": "button", "action_ts": at} | dict(action)],
        }
        return self.interaction(data, user)

    def fill(self, user: str, part: FormAnswer) -> Sequence[RawRequest]:
        """The tap that opens the form; once it is open, its answer is in `drain`."""
        for message in reversed(self.messages):
            for element in elements(message):
                if element.get("action_id") == forms.OPEN and message["channel"] == direct(user):
                    self.filling[user] = part
                    return [self.act(user, message, {"action_id": forms.OPEN, "value": element["value"]})]
        return []

    def open_view(self, given: dict[str, Any]) -> dict[str, Any]:
        user = self.triggers.pop(str(given.get("trigger_id")), "")
        if not user:
            raise Refusal("expired_trigger_id")
        view = {"id": f"V{len(self.triggers) + self.count:08}"} | given["view"]
        if (answer := self.filling.pop(user, None)) is not None:
            view["state"] = {"values": dict(filled(block, answer) for block in view["blocks"])}
            self.due.append(self.interaction({"type": "view_submission", "view": view}, user))
        return {"view": view}

    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        checked(given)
        channel = direct(given["channel"]) if given["channel"].startswith(("U", "W")) else given["channel"]
        message = given | {"type": "message", "channel": channel, "ts": self.ts(), "user": BOT_USER, "bot_id": BOT}
        self.messages.append(message)
        self.due.append(self.event(message))
        return {"channel": channel, "ts": message["ts"], "message": message}

    def status(self, given: dict[str, Any]) -> dict[str, Any]:
        if not given.get("thread_ts"):
            raise Refusal("invalid_arguments")
        self.statuses.append(given)
        return {}

    def replies(self, given: dict[str, Any]) -> dict[str, Any]:
        wanted = (given.get("channel"), given.get("ts"))
        found = [each for each in self.messages if (each["channel"], each.get("thread_ts") or each["ts"]) == wanted]
        if not found:
            raise Refusal("thread_not_found")
        return {"messages": found}

    def file(self, user: str, part: Media) -> dict[str, Any]:
        self.count += 1
        name = part.name or "picture.png"
        file = f"F{self.count:08}"
        self.files[file] = {
            "id": file,
            "name": name,
            "mimetype": part.mime or "image/png",
            "size": len(PHOTO),
            "url_private_download": f"{self.api}/files-pri/{TEAM}-{file}/download/{name}",
        }
        return self.files[file]

    def private_file(self, request: RawRequest) -> RawResponse:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return RawResponse(body=b"<html>Sign in</html>", media_type="text/html; charset=utf-8")
        return RawResponse(body=PHOTO, media_type="image/png")

    def upload_place(self, given: dict[str, Any]) -> dict[str, Any]:
        if not given.get("filename") or not str(given.get("length", "")).isdecimal():
            raise Refusal("invalid_arguments")
        self.count += 1
        file = f"F{self.count:08}"
        self.files[file] = {"id": file, "name": given["filename"], "length": int(given["length"])}
        return {"upload_url": f"{self.api}/upload/{file}", "file_id": file}

    def uploaded(self, file: str, body: bytes) -> RawResponse:
        if file not in self.files or self.files[file]["length"] != len(body):
            return RawResponse(status=400)
        self.files[file] |= {"size": len(body), "url_private": f"{self.api}/files-pri/{TEAM}-{file}"}
        return RawResponse(body=b"OK - %d" % len(body))

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        files = [self.files.get(each.get("id"), {}) for each in given.get("files", [])]
        if not files or not all("size" in each for each in files):
            raise Refusal("file_not_found")
        message = {"type": "message", "channel": given["channel_id"], "ts": self.ts(), "user": BOT_USER, "bot_id": BOT}
        self.messages.append(message | {"files": files, "text": given.get("initial_comment", "")})
        return {"files": files}


def direct(user: str) -> str:
    return user if user.startswith("D") else f"D{user}"


def elements(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for block in message.get("blocks", ()):
        found += block.get("elements", []) if block["type"] == "actions" else []
        for card in block.get("elements", []) if block["type"] == "carousel" else []:
            found += card.get("actions", [])
    return found


def acted(element: Mapping[str, Any], tap: Tap) -> dict[str, Any] | None:
    """The action that Slack reports when this is what was tapped."""
    if element.get("value") == tap.payload:
        return {"action_id": element["action_id"], "value": tap.payload, "text": element["text"]}
    for option in element.get("options", ()):
        if option["value"] == tap.payload:
            return {"type": "static_select", "action_id": element["action_id"], "selected_option": option}
    return None


def filled(block: Mapping[str, Any], answer: FormAnswer) -> tuple[str, dict[str, Any]]:
    """One input's state, in the words of its kind."""
    value = answer.values.get(block["block_id"].partition(":")[2])
    element = block["element"]
    given: dict[str, Any] = {"type": element["type"], "value": value}
    if element["type"] == "datepicker":
        given = {"type": "datepicker", "selected_date": value}
    elif element["type"] == "static_select":
        options = element.get("options") or [one for group in element["option_groups"] for one in group["options"]]
        given = {"type": "static_select", "selected_option": next((o for o in options if o["value"] == value), None)}
    return block["block_id"], {element["action_id"]: given}


def fields_of(request: RawRequest) -> dict[str, Any]:
    if request.headers.get("content-type", "").startswith("application/json"):
        found = orjson.loads(request.body or b"{}")
        return found if isinstance(found, dict) else {}
    return dict(parse_qsl(request.body.decode()))


def yes(answer: Mapping[str, Any]) -> RawResponse:
    return RawResponse(body=orjson.dumps({"ok": True} | dict(answer)), media_type="application/json")


def no(error: str) -> RawResponse:
    return RawResponse(body=orjson.dumps({"ok": False, "error": error}), media_type="application/json")
