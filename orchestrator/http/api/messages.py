"""/v1/conversations/{id}/messages."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query

from orchestrator.errors import Conflict, Malformed
from orchestrator.handles import shown
from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.bodies import NewMessage
from orchestrator.http.api.paging import Limit, Seq
from orchestrator.http.api.views import MessagePage, MessageView
from orchestrator.http.sections import V1

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="Your id of this message. The same again answers with the first one's; nothing is said twice.",
    ),
]
PublicOnly = Annotated[bool, Query(description="Leave out notes and withdrawn messages.")]


def message_routes(deps: Deps) -> APIRouter:
    router = V1.router("/conversations", "Messages")
    reader = Annotated[Caller, Depends(deps.caller("read"))]
    writer = Annotated[Caller, Depends(deps.caller("write"))]

    @router.get("/{conversation_id}/messages", summary="Page through its messages")
    async def list_messages(
        caller: reader,
        conversation_id: str,
        after: Seq = 0,
        before: Seq = 0,
        limit: Limit = 50,
        public: PublicOnly = False,
    ) -> MessagePage:
        """Oldest first: those after `after`, or the last ones before `before`, or simply the last ones."""
        if after and before:
            raise Malformed("after and before can't be used together")
        await deps.records.conversation(caller.app_id, conversation_id)
        found = await deps.records.messages(conversation_id, after=after, before=before, limit=limit, public=public)
        full = len(found) == limit and found[0].seq > 1
        return MessagePage(
            data=[MessageView.model_validate(shown(one)) for one in found],
            earlier=found[0].seq if found and (full or after) else None,
            later=found[-1].seq if found else after,
        )

    @router.post("/{conversation_id}/messages", summary="Say something", status_code=201)
    async def send_message(
        caller: writer, conversation_id: str, body: NewMessage, idempotency_key: IdempotencyKey = ""
    ) -> MessageView:
        """To the customer, in their language; this key must hold the conversation (accept it first). Or, with
        `internal`, a note for colleagues. 409 when the key was used for another message."""
        desk = deps.engine.desk
        parts = body.checked()
        agent = caller.agent(body.language)
        if body.internal:
            said = await desk.note(caller.app_id, conversation_id, agent, body.text, idempotency_key)
        else:
            said = await desk.say(caller.app_id, conversation_id, agent, parts, idempotency_key)
        if said.parts != parts or (said.visibility == "internal") != body.internal:
            raise Conflict("this Idempotency-Key was used for another message; take a new one for each")
        return MessageView.model_validate(said)

    return router
