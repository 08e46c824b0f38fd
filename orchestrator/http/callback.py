"""Where a bot that answered 202 brings its actions later: `/bots/callback/{token}`, good for one answer to one turn."""

from collections.abc import Sequence
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orchestrator import answers
from orchestrator.http.problems import JSON
from orchestrator.types import Action

MAX_BODY = 262_144
"""Bytes of an answer: fifty long texts."""


class LateAnswers(Protocol):
    """What the engine is to a callback. Raises Unauthenticated (forged, expired) or Conflict (used, overtaken)."""

    async def answer_late(self, token: str, actions: Sequence[Action]) -> None: ...


def routes(engine: LateAnswers) -> list[Route]:
    async def callback(request: Request) -> Response:
        actions = answers.from_json(await request.body())
        await engine.answer_late(request.path_params["token"], actions)
        return Response(b'{"ok":true}', 200, media_type=JSON)

    return [Route("/bots/callback/{token}", callback, methods=["POST"], max_body_size=MAX_BODY, name="bot-callback")]
