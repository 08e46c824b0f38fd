"""/v1/conversations: who talks, about what, and what was said."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.bodies import NewContext, NewMarks, PinnedLanguage, Transfer
from orchestrator.http.api.messages import message_routes
from orchestrator.http.api.paging import Cursor, Limit, Page, page
from orchestrator.http.api.views import ConversationView, ConversationWithQueue, TraceView
from orchestrator.http.sections import V1, joined
from orchestrator.types import Conversation, Marks

Views = Literal["all", "open", "queue", "mine"]


def routes(deps: Deps) -> APIRouter:
    return joined((reading(deps), writing(deps), message_routes(deps), turns(deps)))


async def shown(deps: Deps, conversation: Conversation) -> ConversationWithQueue:
    queue = await deps.engine.queue_view(conversation)
    return ConversationWithQueue.model_validate(conversation).model_copy(update={"queue": queue})


def reading(deps: Deps) -> APIRouter:
    router = V1.router("/conversations", "Conversations")
    reader = Annotated[Caller, Depends(deps.caller("read"))]

    @router.get("", summary="List conversations")
    async def list_conversations(
        caller: reader,
        view: Annotated[Views, Query(description="'queue': waits for a person; 'mine': this key holds it.")] = "all",
        team: Annotated[str, Query(max_length=63)] = "",
        customer_id: Annotated[str, Query(max_length=100)] = "",
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> Page[ConversationView]:
        """The latest first."""

        async def fetch(before: datetime | None, most: int) -> list[Conversation]:
            found = await deps.records.conversations(
                caller.app_id,
                view=view,
                agent_id=caller.agent().id,
                team=team,
                customer_id=customer_id,
                before=before,
                limit=most,
            )
            return list(found)

        return await page(fetch, lambda one: one.updated_at, ConversationView.model_validate, cursor, limit)

    @router.get("/{conversation_id}", summary="Get a conversation")
    async def get_conversation(caller: reader, conversation_id: str) -> ConversationWithQueue:
        return await shown(deps, await deps.records.conversation(caller.app_id, conversation_id))

    return router


def turns(deps: Deps) -> APIRouter:
    router = V1.router("/conversations", "Traces")
    reader = Annotated[Caller, Depends(deps.caller("read"))]

    @router.get("/{conversation_id}/traces", summary="List a conversation's traces")
    async def list_traces(caller: reader, conversation_id: str, limit: Limit = 50) -> Page[TraceView]:
        """The latest first."""
        await deps.records.conversation(caller.app_id, conversation_id)
        found = await deps.records.traces(conversation_id, limit=limit)
        return Page(data=[TraceView.model_validate(one) for one in found])

    return router


def writing(deps: Deps) -> APIRouter:
    router = V1.router("/conversations", "Conversations")
    writer = Annotated[Caller, Depends(deps.caller("write"))]

    @router.put("/{conversation_id}/context", summary="Set the page or cart context")
    async def set_conversation_context(caller: writer, conversation_id: str, body: NewContext) -> ConversationWithQueue:
        """Replaces what rules, bots and agents know of where the customer is."""
        context = body.checked()
        await deps.engine.set_context(caller.app_id, conversation_id, context, body.language)
        return await shown(deps, await deps.records.conversation(caller.app_id, conversation_id))

    @router.put("/{conversation_id}/language", summary="Pin the language")
    async def pin_conversation_language(
        caller: writer, conversation_id: str, body: PinnedLanguage
    ) -> ConversationWithQueue:
        """What the customer is spoken to in, whatever they write, until they ask for another or it is let go again."""
        desk = deps.engine.desk
        return await shown(deps, await desk.speak(caller.app_id, conversation_id, caller.agent(), body.language))

    @router.post("/{conversation_id}/marks", summary="Say what was delivered and read")
    async def mark_conversation(caller: writer, conversation_id: str, body: NewMarks) -> Marks:
        """Marks only grow. `desk_read` counts only while this key holds the conversation."""
        marks = (await deps.records.conversation(caller.app_id, conversation_id)).marks
        if body.customer_delivered or body.customer_read:
            marks = await deps.engine.read_by_customer(
                caller.app_id, conversation_id, delivered=body.customer_delivered, read=body.customer_read
            )
        if body.desk_read:
            marks = await deps.engine.desk.read(caller.app_id, conversation_id, caller.agent(), body.desk_read)
        return marks

    @router.post("/{conversation_id}/accept", summary="Take it over")
    async def take_over_conversation(caller: writer, conversation_id: str) -> ConversationWithQueue:
        """From the bot, or out of the queue: now only this key speaks to the customer. 409 when a person has it."""
        return await shown(deps, await deps.engine.desk.accept(caller.app_id, conversation_id, caller.agent()))

    @router.post("/{conversation_id}/transfer", summary="Hand it to a team")
    async def transfer_conversation(caller: writer, conversation_id: str, body: Transfer) -> ConversationWithQueue:
        """Into the team's queue; only what this key holds."""
        desk = deps.engine.desk
        agent = caller.agent()
        return await shown(deps, await desk.transfer(caller.app_id, conversation_id, agent, body.team, body.note))

    return router
