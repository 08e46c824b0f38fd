"""A receiver of the generic webhook channel, in memory: what a kiosk, a game or an intranet would be."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

import orjson

from orchestrator import codec, signing
from orchestrator.errors import ParleyError
from orchestrator.ports import Clock, Fault, Shown
from orchestrator.types import Part, RawRequest, RawResponse

JSON = "application/json"
REFUSALS: Mapping[Fault, RawResponse] = {
    "throttled": RawResponse(status=429, headers={"retry-after": "1"}),
    "broken": RawResponse(status=503),
    "window_closed": RawResponse(status=403),
    "token_expired": RawResponse(status=401),
}


@dataclass(slots=True)
class WebhookStandIn:
    clock: Clock
    kind: str = "webhook"
    secret: bytes = field(default_factory=lambda: token_bytes(32))
    screens: dict[str, list[Shown]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    waiting: list[RawRequest] = field(default_factory=list)

    def settings(self, api: str) -> Mapping[str, Any]:
        secret = signing.PREFIX + base64.b64encode(self.secret).decode()
        return {"url": f"{api}/messages", "secret": secret, "allow_private": True}

    def serve(self, request: RawRequest) -> RawResponse:
        try:
            signing.verify((self.secret,), request.headers, request.body, self.clock.now())
            told = orjson.loads(request.body)
            parts = codec.parts.read(told["parts"])
        except ParleyError as error:
            return RawResponse(status=401, body=str(error).encode())
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return RawResponse(status=400)
        if told["id"] not in self.known:
            self.known.add(told["id"])
            screen = self.screens.setdefault(told["conversation"], [])
            screen.append(Shown(id=told["id"], mine=False, parts=parts, state="delivered"))
            self.waiting.append(self.signed({"type": "status", "message": told["id"], "status": "delivered"}))
        return RawResponse(body=orjson.dumps({"id": told["id"]}), media_type=JSON)

    def refuse(self, fault: Fault) -> RawResponse:
        return REFUSALS[fault]

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        event_id = self.clock.new_id()
        self.screens.setdefault(user, []).append(Shown(id=event_id, mine=True, parts=(part,), state="read"))
        said = {"id": event_id, "conversation": user, "user": {"id": user, "name": user.title()}}
        return [self.signed({**said, "parts": codec.parts.plain((part,))})]

    def drain(self) -> Sequence[RawRequest]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def shown(self, user: str) -> Sequence[Shown]:
        return self.screens.get(user, ())

    def signed(self, event: Mapping[str, Any]) -> RawRequest:
        body = orjson.dumps(event)
        headers = signing.sign((self.secret,), self.clock.new_id(), self.clock.now(), body)
        return RawRequest(method="POST", path="", headers={"content-type": JSON, **headers}, body=body)
