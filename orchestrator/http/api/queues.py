"""/v1/queues and /v1/dead-letters: what waits, and what could not be delivered."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.paging import Limit, Page
from orchestrator.http.api.views import DeadLetterView, DeadLetterWithParts, DepthView
from orchestrator.http.sections import V1
from orchestrator.types import Outgoing

Last = Annotated[
    str, Query(max_length=100, alias="cursor", description="`next` of the page before; leave out for the first page.")
]


def routes(deps: Deps) -> APIRouter:
    router = V1.router(tag="Queues")
    reading(router, deps)
    deciding(router, deps)
    return router


def reading(router: APIRouter, deps: Deps) -> None:
    reader = Annotated[Caller, Depends(deps.caller("read"))]

    @router.get("/queues", summary="See what waits")
    async def list_queues(caller: reader) -> Page[DepthView]:
        """By channel: conversations that wait for a turn, messages to be sent, dead letters. Idle ones are left out."""
        found = await deps.letters.queues()
        return Page(data=[DepthView.model_validate(one) for one in found if one.app_id == caller.app_id])

    @router.get("/dead-letters", summary="List dead letters")
    async def list_dead_letters(
        caller: reader, channel_id: Annotated[str, Query(max_length=100)] = "", limit: Limit = 50, before: Last = ""
    ) -> Page[DeadLetterView]:
        """Messages whose delivery failed for good, the newest first."""
        found = await deps.letters.dead(caller.app_id, channel_id=channel_id, before=before, limit=limit)
        following = found[-1].id if len(found) == limit else None
        return Page(data=[DeadLetterView.model_validate(one) for one in found], next=following)

    @router.get("/dead-letters/{letter_id}", summary="Get a dead letter")
    async def get_dead_letter(caller: reader, letter_id: str) -> DeadLetterWithParts:
        """With what the customer would have read, in the form it took on the channel."""
        letter = await deps.letters.dead_letter(caller.app_id, letter_id)
        parts = [part for rendering in letter.renderings for part in rendering.parts]
        return DeadLetterWithParts(**shown(letter), parts=parts, of=len(letter.renderings))


def shown(letter: Outgoing) -> dict[str, object]:
    return DeadLetterView.model_validate(letter).model_dump()


def deciding(router: APIRouter, deps: Deps) -> None:
    writer = Annotated[Caller, Depends(deps.caller("write"))]

    @router.post("/dead-letters/{letter_id}/retry", summary="Send a dead letter again", status_code=202)
    async def retry_dead_letter(caller: writer, letter_id: str) -> DeadLetterView:
        """It goes out before anything newer of its conversation, with all its tries before it."""
        letter = await deps.letters.revive(caller.app_id, letter_id, deps.clock.now())
        await deps.engine.look(letter.conversation_id, caller.app_id)
        return DeadLetterView.model_validate(letter)

    @router.delete("/dead-letters/{letter_id}", summary="Drop a dead letter", status_code=204)
    async def drop_dead_letter(caller: writer, letter_id: str) -> Response:
        """It is never sent. In the thread the message shows as withdrawn, unless a part of it went out."""
        await deps.letters.drop(caller.app_id, letter_id)
        return Response(status_code=204)
