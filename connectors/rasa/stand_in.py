"""A front end made for Rasa's callback channel, in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any

import orjson

from orchestrator.ports import Clock, Fault, Shown
from orchestrator.types import Button, Buttons, FormAnswer, Media, Part, RawRequest, RawResponse, Tap, Text

REFUSALS: Mapping[Fault, int] = {"throttled": 429, "broken": 500, "window_closed": 403, "token_expired": 401}


@dataclass(slots=True)
class RasaStandIn:
    clock: Clock
    kind: str = "rasa"
    token: str = field(default_factory=lambda: token_urlsafe(24))
    screens: dict[str, list[Shown]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def settings(self, api: str) -> Mapping[str, Any]:
        return {"token": self.token, "callback": f"{api}/bot", "allow_private": True}

    def serve(self, request: RawRequest) -> RawResponse:
        try:
            told = orjson.loads(request.body)
            user = str(told["recipient_id"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return RawResponse(status=400)
        key = request.headers.get("x-message-id") or self.clock.new_id()
        if key not in self.known:
            self.known.add(key)
            self.screens.setdefault(user, []).append(Shown(id=key, mine=False, parts=tuple(seen(told))))
        return RawResponse(body=b"{}", media_type="application/json")

    def refuse(self, fault: Fault) -> RawResponse:
        return RawResponse(status=REFUSALS[fault])

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        """Raises ValueError for what a front end of Rasa has no way to send."""
        message_id = self.clock.new_id()
        body = orjson.dumps({"sender": user, "message": typed(part), "message_id": message_id})
        self.screens.setdefault(user, []).append(Shown(id=message_id, mine=True, parts=(part,)))
        headers = {"content-type": "application/json"}
        return [RawRequest(method="POST", path="", headers=headers, query={"token": self.token}, body=body)]

    def drain(self) -> Sequence[RawRequest]:
        return ()

    def shown(self, user: str) -> Sequence[Shown]:
        return self.screens.get(user, ())


def typed(part: Part) -> str:
    match part:
        case Text(text=text):
            return text
        case Tap(payload=payload):
            return payload if payload.startswith("/") else f"/{payload}"
        case FormAnswer(values=values):
            return ", ".join(values.values())
    raise ValueError("only words and buttons")


def seen(told: Mapping[str, Any]) -> list[Part]:
    if told.get("buttons"):
        buttons = tuple(Button(title=one["title"], payload=one["payload"]) for one in told["buttons"])
        return [Buttons(text=told.get("text", ""), buttons=buttons)]
    if "image" in told:
        return [Media(url=told["image"], media="image")]
    if "attachment" in told:
        return [Media(url=told["attachment"])]
    return [Text(text=told.get("text", ""))]
