"""Translation at the desk: previews and back-translations, what agents propose, what admins approve, and the engines.

/desk/api/conversations/{id}/preview and …/back; /desk/api/translations and …/{id}; /desk/api/engines.
"""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from orchestrator.errors import Forbidden
from orchestrator.http.desk.actions import PREFIX, Words, acting
from orchestrator.http.desk.review import Preview, Wordings
from orchestrator.http.desk.sessions import Sessions, SignedIn
from orchestrator.http.desk.wire import Form
from orchestrator.http.sections import DESK
from orchestrator.ports import Records
from orchestrator.types import Agent, Reviewed, ReviewState

Code = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


class TextForm(Form):
    text: Words


class ProposeForm(Form):
    source: Code
    target: Code
    text: Words
    translation: Words


class DecideForm(Form):
    state: Literal["approved", "rejected"]
    translation: Words = ""


def wording_routes(wordings: Wordings, records: Records, sessions: Sessions) -> APIRouter:
    router = DESK.router()
    by = Annotated[Agent, Depends(acting(records, sessions))]
    reader = Annotated[SignedIn, Depends(sessions.reader)]
    changer = Annotated[SignedIn, Depends(sessions.changer)]

    @router.post(f"{PREFIX}/preview")
    async def preview(conversation_id: str, agent: by, form: TextForm) -> dict[str, Any]:
        return shown(await wordings.preview(agent.app_id, conversation_id, agent, form.text))

    @router.post(f"{PREFIX}/back")
    async def back(conversation_id: str, agent: by, form: TextForm) -> dict[str, Any]:
        return shown(await wordings.back(agent.app_id, conversation_id, agent, form.text))

    @router.get("/translations")
    async def reviewed(
        who: reader,
        state: ReviewState | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 200,
    ) -> dict[str, Any]:
        admin(who)
        return {"items": [plain(entry) for entry in await wordings.reviewed(who.agent.app_id, state, limit)]}

    @router.post("/translations")
    async def propose(who: changer, form: ProposeForm) -> dict[str, Any]:
        agent = who.agent
        entry = await wordings.propose(agent.app_id, agent, form.source, form.target, form.text, form.translation)
        return {"translation": plain(entry)}

    @router.post("/translations/{entry_id}")
    async def decide(entry_id: str, who: changer, form: DecideForm) -> dict[str, Any]:
        agent = who.agent
        return {
            "translation": plain(await wordings.decide(agent.app_id, agent, entry_id, form.state, form.translation))
        }

    @router.get("/engines")
    async def engines(who: reader) -> dict[str, Any]:
        admin(who)
        return {"engines": [asdict(health) for health in wordings.health(who.agent.app_id)]}

    return router


def admin(who: SignedIn) -> None:
    if who.agent.role != "admin":
        raise Forbidden("only an admin looks after translations")


def shown(preview: Preview) -> dict[str, Any]:
    return {
        "source": preview.source,
        "target": preview.target,
        "text": preview.text,
        "outcome": preview.outcome,
        "engine": preview.engine,
    }


def plain(entry: Reviewed) -> dict[str, Any]:
    return {
        **asdict(entry),
        "created_at": entry.created_at.isoformat(),
        "updated_at": entry.updated_at.isoformat(),
    }
