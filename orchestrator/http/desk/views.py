"""What agents look at: lists, a conversation with its context, the traces of its turns."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from orchestrator import codec
from orchestrator.config import AppSettings
from orchestrator.errors import NotFound
from orchestrator.handles import shown
from orchestrator.http.desk import rows
from orchestrator.http.desk.counters import MOST_LISTED, Counters
from orchestrator.http.desk.crew import Crew
from orchestrator.http.desk.names import Names
from orchestrator.http.desk.sessions import Sessions, SignedIn
from orchestrator.http.desk.sight import check, sees
from orchestrator.http.sections import DESK
from orchestrator.ports import Accounts, BotRecords, Bus, Records
from orchestrator.types import Agent, BotNote, Conversation, Handoff

PAGE = 50
MOST_PAGES = 10
"""Pages read to fill one, for an agent who sees little of what there is."""


class Views:
    def __init__(self, records: Records, names: Names, counters: Counters, crew: Crew) -> None:
        self.records = records
        self.names = names
        self.counters = counters
        self.crew = crew

    async def queue(self, agent: Agent) -> dict[str, Any]:
        """Next first; `total` counts also those not listed."""
        cases = await self.counters.queue(agent)
        listed = cases[:MOST_LISTED]
        found = await asyncio.gather(*(self._conversation(case) for case in listed))
        kept = [(one, case) for one, case in zip(found, listed, strict=True) if one is not None]
        return {"items": await self._rows(kept), "total": len(cases), "next": None}

    async def mine(self, agent: Agent) -> dict[str, Any]:
        """The latest first."""
        found = await self.records.conversations(agent.app_id, view="mine", agent_id=agent.id, limit=MOST_LISTED)
        cases = await asyncio.gather(*(self._case(one) for one in found))
        return {"items": await self._rows(list(zip(found, cases, strict=True))), "next": None}

    async def all(self, agent: Agent, before: datetime | None, team: str, customer_id: str) -> dict[str, Any]:
        """A page of what the agent may see; `next` is the `before` of the page after, None at the end."""
        kept: list[Conversation] = []
        for _ in range(MOST_PAGES):
            page = await self.records.conversations(
                agent.app_id, team=team, customer_id=customer_id, before=before, limit=PAGE
            )
            kept += [one for one in page if sees(agent, one)]
            before = page[-1].updated_at if len(page) == PAGE else None
            if before is None or len(kept) >= PAGE:
                break
        items = await self._rows([(one, None) for one in kept])
        return {"items": items, "next": before.isoformat() if before else None}

    async def _conversation(self, case: Handoff) -> Conversation | None:
        try:
            return await self.records.conversation(case.app_id, case.conversation_id)
        except NotFound:
            return None

    async def _case(self, conversation: Conversation) -> Handoff | None:
        reference = conversation.handoff
        return await self.records.handoff(conversation.app_id, reference.id) if reference else None

    async def _rows(self, found: Sequence[tuple[Conversation, Handoff | None]]) -> list[dict[str, Any]]:
        names = await self.names.of_all([conversation for conversation, _ in found])
        return [rows.row(one, name, case) for (one, case), name in zip(found, names, strict=True)]

    async def detail(self, conversation: Conversation) -> dict[str, Any]:
        """Everything the thread and the panel beside it show; older messages come by page."""
        messages = await self.records.messages(conversation.id, limit=PAGE)
        customer = await self.records.customer(conversation.app_id, conversation.customer_id)
        case = await self._case(conversation) or await self._last_case(conversation)
        return {
            "row": rows.row(conversation, rows.customer_brief(customer), case if conversation.handoff else None),
            "conversation": codec.conversation.plain(conversation),
            "customer": {
                "id": customer.id,
                "profile": dict(customer.profile),
                "created_at": customer.created_at.isoformat(),
            },
            "messages": [codec.message.plain(shown(message)) for message in messages],
            "handoff": rows.case_full(case),
            "queue": rows.queue(await self.crew.queue_view(conversation)),
            "deliveries": rows.deliveries(await self.records.deliveries(conversation.id)),
        }

    async def _last_case(self, conversation: Conversation) -> Handoff | None:
        """The handoff that ended last: what was known then still helps whoever opens the conversation."""
        ended = await self.records.handoffs(conversation.app_id, conversation_id=conversation.id, limit=1)
        return ended[0] if ended else None


def seen(records: Records, sessions: Sessions) -> Callable[..., Awaitable[Conversation]]:
    """A dependency: the conversation of the path, if the agent sees it. Raises NotFound or Forbidden."""

    async def conversation(conversation_id: str, who: Annotated[SignedIn, Depends(sessions.reader)]) -> Conversation:
        return check(who.agent, await records.conversation(who.agent.app_id, conversation_id))

    return conversation


def view_routes(views: Views, records: Records, sessions: Sessions) -> APIRouter:
    router = DESK.router()
    reader = Annotated[SignedIn, Depends(sessions.reader)]
    one = Annotated[Conversation, Depends(seen(records, sessions))]

    @router.get("/conversations")
    async def conversations(
        who: reader,
        view: Literal["queue", "mine", "all"] = "all",
        before: datetime | None = None,
        team: Annotated[str, Query(max_length=63)] = "",
        customer_id: Annotated[str, Query(max_length=64)] = "",
    ) -> dict[str, Any]:
        match view:
            case "queue":
                return await views.queue(who.agent)
            case "mine":
                return await views.mine(who.agent)
            case "all":
                return await views.all(who.agent, before, team, customer_id)

    @router.get("/conversations/{conversation_id}")
    async def conversation(found: one) -> dict[str, Any]:
        return await views.detail(found)

    @router.get("/conversations/{conversation_id}/messages")
    async def messages(
        found: one,
        after: Annotated[int, Query(ge=0, lt=2**53)] = 0,
        before: Annotated[int, Query(ge=0, lt=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=200)] = PAGE,
    ) -> dict[str, Any]:
        page = await records.messages(found.id, after=after, before=before, limit=limit)
        return {"messages": [codec.message.plain(shown(message)) for message in page]}

    return router


def trace_routes(records: Records, sessions: Sessions, bots: BotRecords | None = None) -> APIRouter:
    router = DESK.router()
    one = Annotated[Conversation, Depends(seen(records, sessions))]

    @router.get("/conversations/{conversation_id}/traces")
    async def traces(found: one) -> dict[str, Any]:
        return {"traces": [rows.trace_brief(trace) for trace in await records.traces(found.id, limit=200)]}

    @router.get("/conversations/{conversation_id}/traces/{trace_id}")
    async def trace(found: one, trace_id: str) -> dict[str, Any]:
        known = await records.trace(found.app_id, trace_id)
        if known.conversation_id != found.id:
            raise NotFound(f"conversation {found.id!r} has no trace {trace_id!r}")
        shadows = await bots.notes(found.app_id, kind="shadow", turn_id=known.turn_id) if bots is not None else ()
        return {"trace": codec.trace.plain(known), "shadows": [shadow(note) for note in shadows]}

    @router.get("/conversations/{conversation_id}/handoffs")
    async def handoffs(found: one) -> dict[str, Any]:
        known = await records.handoffs(found.app_id, conversation_id=found.id, limit=PAGE)
        return {"handoffs": [rows.case_full(case) for case in known]}

    return router


def shadow(note: BotNote) -> dict[str, Any]:
    """What a candidate would have answered."""
    return {
        "bot": note.bot,
        "version": note.version,
        "outcome": note.outcome,
        "ms": note.ms,
        "detail": note.detail,
        "same": note.same,
        "actions": codec.actions.plain(note.actions),
    }


def team_routes(accounts: Accounts, bus: Bus, sessions: Sessions, apps: Mapping[str, AppSettings]) -> APIRouter:
    router = DESK.router()
    reader = Annotated[SignedIn, Depends(sessions.reader)]

    @router.get("/agents")
    async def agents(who: reader) -> dict[str, Any]:
        """Colleagues by name, and who of them is online."""
        online = await bus.presences(who.agent.app_id)
        known = await accounts.agents(who.agent.app_id)
        return {
            "agents": [
                {"id": one.id, "name": one.name, "role": one.role, "teams": list(one.teams), "online": one.id in online}
                for one in known
            ],
            "teams": {team: label.label or team for team, label in apps[who.agent.app_id].teams.items()},
        }

    return router
