"""/v1: which addresses are one customer's, and how a conversation goes on elsewhere."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.bodies import Body
from orchestrator.http.api.paging import Page
from orchestrator.http.api.views import ConversationView, View
from orchestrator.http.sections import V1
from orchestrator.types import Identity, LinkChange, LinkEvidence


class IdentityView(View):
    channel_id: str
    address: str
    customer_id: str
    conversation_id: str


class LinkView(View):
    id: str
    at: datetime
    evidence: LinkEvidence
    by: str
    before: IdentityView | None
    after: IdentityView
    undone_at: datetime | None
    undone_by: str


class CodeView(View):
    code: str
    expires_at: datetime


class NewLink(Body):
    channel_id: str = Field(max_length=63)
    address: str = Field(min_length=1, max_length=256)


class Elsewhere(Body):
    channel_id: str = Field(max_length=63, description="Channel whose address the profile holds as a verified fact.")


def routes(deps: Deps) -> APIRouter:
    router = V1.router(tag="Customers")
    reader = Annotated[Caller, Depends(deps.caller("read"))]
    writer = Annotated[Caller, Depends(deps.caller("write"))]
    admin = Annotated[Caller, Depends(deps.caller("admin"))]
    continuing = deps.engine.continuing

    @router.get("/customers/{customer_id}/identities", summary="List a customer's addresses")
    async def list_identities(caller: reader, customer_id: str) -> Page[IdentityView]:
        found = await continuing.identities(caller.app_id, customer_id)
        return Page(data=[identity(one) for one in found])

    @router.get("/customers/{customer_id}/links", summary="List how a customer's addresses were linked")
    async def list_links(caller: reader, customer_id: str) -> Page[LinkView]:
        """The audit trail, the latest first: on what evidence, by whom, and whether it was taken back."""
        return Page(data=[link(one) for one in await continuing.changes(caller.app_id, customer_id)])

    @router.post("/customers/{customer_id}/links", summary="Link an address to a customer", status_code=201)
    async def add_link(caller: admin, customer_id: str, body: NewLink) -> LinkView:
        """For a system that knows it: Parley itself links only by a code or a verified fact. Can be taken back."""
        return link(await continuing.link(caller.app_id, customer_id, body.channel_id, body.address, caller.who))

    @router.post("/links/{link_id}/undo", summary="Take a link back")
    async def undo_link(caller: admin, link_id: str) -> LinkView:
        return link(await continuing.undo(caller.app_id, link_id, caller.who))

    @router.post("/conversations/{conversation_id}/link-code", summary="Make a link code", status_code=201)
    async def make_code(caller: writer, conversation_id: str) -> CodeView:
        """The customer sends it from another channel, once and within a quarter of an hour: they go on there."""
        code, expires = await continuing.invite(caller.app_id, conversation_id, caller.who)
        return CodeView(code=code, expires_at=expires)

    @router.post("/conversations/{conversation_id}/continue", summary="Go on on another channel")
    async def go_on(caller: writer, conversation_id: str, body: Elsewhere) -> ConversationView:
        moved = await continuing.continue_on(caller.app_id, conversation_id, body.channel_id, caller.who)
        return ConversationView.model_validate(moved)

    return router


def identity(one: Identity) -> IdentityView:
    return IdentityView.model_validate(one)


def link(one: LinkChange) -> LinkView:
    return LinkView.model_validate(one)
