"""A customer's addresses at the desk: /desk/api/conversations/{id}/addresses, …/code, …/continue, and taking back."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from orchestrator.config import AppSettings
from orchestrator.engine.continuing import REACHED_BY
from orchestrator.http.desk.actions import PREFIX, acting
from orchestrator.http.desk.crew import Addresses
from orchestrator.http.desk.sessions import Sessions, SignedIn
from orchestrator.http.desk.views import seen
from orchestrator.http.desk.wire import Form
from orchestrator.http.sections import DESK
from orchestrator.ports import Records
from orchestrator.types import Agent, Conversation, Identity, LinkChange


class ElsewhereForm(Form):
    channel_id: str = Field(max_length=63)


def people_routes(
    addresses: Addresses, records: Records, sessions: Sessions, apps: Mapping[str, AppSettings]
) -> APIRouter:
    router = DESK.router()
    one = Annotated[Conversation, Depends(seen(records, sessions))]
    agent = Annotated[Agent, Depends(acting(records, sessions))]
    changer = Annotated[SignedIn, Depends(sessions.changer)]

    @router.get(f"{PREFIX}/addresses")
    async def known(found: one) -> dict[str, Any]:
        own = await addresses.identities(found.app_id, found.customer_id)
        trail = await addresses.changes(found.app_id, found.customer_id)
        return {
            "addresses": [address(each) for each in own],
            "links": [link(each) for each in trail],
            "channels": reachable(apps[found.app_id], found, own),
        }

    @router.post(f"{PREFIX}/code")
    async def code(conversation_id: str, who: agent) -> dict[str, Any]:
        word, expires = await addresses.invite(who.app_id, conversation_id, who.id)
        return {"code": word, "expires_at": expires.isoformat()}

    @router.post(f"{PREFIX}/continue")
    async def go_on(conversation_id: str, form: ElsewhereForm, who: agent) -> dict[str, Any]:
        moved = await addresses.continue_on(who.app_id, conversation_id, form.channel_id, who.id)
        return {"channel_id": moved.channel_id, "address": moved.address}

    @router.post("/links/{link_id}/undo")
    async def undo(link_id: str, who: changer) -> dict[str, Any]:
        return {"link": link(await addresses.undo(who.agent.app_id, link_id, who.agent.id))}

    return router


def reachable(app: AppSettings, conversation: Conversation, own: Sequence[Identity]) -> list[dict[str, Any]]:
    """Other channels of the app on which this customer has an address, or could have one by a verified fact."""
    theirs = {each.channel_id for each in own}
    return [
        {"id": name, "kind": channel.kind}
        for name, channel in app.channels.items()
        if name != conversation.channel_id and (name in theirs or channel.kind in REACHED_BY)
    ]


def address(one: Identity) -> dict[str, str]:
    return {"channel_id": one.channel_id, "address": one.address, "conversation_id": one.conversation_id}


def link(one: LinkChange) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": one.at.isoformat(),
        "evidence": one.evidence,
        "by": one.by,
        "address": address(one.after),
        "undone_at": one.undone_at.isoformat() if one.undone_at else None,
    }
