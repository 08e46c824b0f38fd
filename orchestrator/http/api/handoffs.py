"""/v1/handoffs: cases that wait for a person, for a desk that is not ours."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from orchestrator.errors import Conflict
from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.bodies import Ending
from orchestrator.http.api.paging import Cursor, Limit, Page, page
from orchestrator.http.api.views import HandoffView, HandoffWithPacket
from orchestrator.http.sections import V1
from orchestrator.types import Handoff, HandoffState

NO_NOTE = Ending(note="")


def routes(deps: Deps) -> APIRouter:
    router = V1.router("/handoffs", "Handoffs")
    reading(router, deps)
    deciding(router, deps)
    return router


def reading(router: APIRouter, deps: Deps) -> None:
    reader = Annotated[Caller, Depends(deps.caller("read"))]

    @router.get("", summary="List handoffs")
    async def list_handoffs(
        caller: reader,
        state: HandoffState | None = None,
        conversation_id: Annotated[str, Query(max_length=100)] = "",
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Page[HandoffView]:
        """The latest first; without their packets."""

        async def fetch(before: datetime | None, most: int) -> Sequence[Handoff]:
            return await deps.records.handoffs(
                caller.app_id, state=state, conversation_id=conversation_id, before=before, limit=most
            )

        return await page(fetch, lambda one: one.offered_at, HandoffView.model_validate, cursor, limit)

    @router.get("/{handoff_id}", summary="Get a handoff with its packet")
    async def get_handoff(caller: reader, handoff_id: str) -> HandoffWithPacket:
        return HandoffWithPacket.model_validate(await deps.records.handoff(caller.app_id, handoff_id))


def deciding(router: APIRouter, deps: Deps) -> None:
    writer = Annotated[Caller, Depends(deps.caller("write"))]
    desk = deps.engine.desk

    async def current(caller: Caller, handoff_id: str) -> Handoff:
        """The handoff, if it is the one its conversation is about now. Raises Conflict."""
        handoff = await deps.records.handoff(caller.app_id, handoff_id)
        conversation = await deps.records.conversation(caller.app_id, handoff.conversation_id)
        if conversation.handoff is None or conversation.handoff.id != handoff_id:
            raise Conflict(f"this handoff is over: {handoff.state}")
        return handoff

    async def after(caller: Caller, handoff_id: str) -> HandoffView:
        return HandoffView.model_validate(await deps.records.handoff(caller.app_id, handoff_id))

    @router.post("/{handoff_id}/accept", summary="Accept a case")
    async def accept_handoff(caller: writer, handoff_id: str) -> HandoffView:
        """From now on only this key speaks to the customer. 409 when somebody else was faster."""
        handoff = await current(caller, handoff_id)
        # The answer to the first try may have been lost: asking again is not an error.
        if (handoff.state, handoff.agent_id) != ("accepted", caller.agent().id):
            await desk.accept(caller.app_id, handoff.conversation_id, caller.agent())
        return await after(caller, handoff_id)

    @router.post("/{handoff_id}/return", summary="Return a case to the bot")
    async def return_handoff(caller: writer, handoff_id: str, body: Ending = NO_NOTE) -> HandoffView:
        """The bot gets the note with its next turn."""
        handoff = await current(caller, handoff_id)
        await desk.hand_back(caller.app_id, handoff.conversation_id, caller.agent(), body.note)
        return await after(caller, handoff_id)

    @router.post("/{handoff_id}/resolve", summary="Close a case")
    async def resolve_handoff(caller: writer, handoff_id: str, body: Ending = NO_NOTE) -> HandoffView:
        """The conversation stays closed until the customer writes again; then the bot answers."""
        handoff = await current(caller, handoff_id)
        await desk.resolve(caller.app_id, handoff.conversation_id, caller.agent(), body.note)
        return await after(caller, handoff_id)
