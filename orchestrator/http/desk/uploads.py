"""Files agents send: /desk/api/conversations/{id}/upload. The body is the file, as it is."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from orchestrator.http.desk.sessions import Sessions, SignedIn
from orchestrator.http.desk.sight import check
from orchestrator.http.media import check_upload
from orchestrator.http.sections import DESK
from orchestrator.ports import Files, Records
from orchestrator.types import Media

LARGEST = 10_485_760


def upload_routes(files: Files, records: Records, sessions: Sessions) -> APIRouter:
    router = DESK.router()
    changer = Annotated[SignedIn, Depends(sessions.changer)]

    @router.post("/conversations/{conversation_id}/upload", max_body_size=LARGEST)
    async def upload(
        request: Request, conversation_id: str, who: changer, name: Annotated[str, Query(max_length=255)] = ""
    ) -> dict[str, Any]:
        """The Media part to say. Raises Malformed, TooLarge."""
        agent = who.agent
        check(agent, await records.conversation(agent.app_id, conversation_id))
        data = await request.body()
        found = check_upload(data, request.headers.get("content-type", ""), name, max_bytes=LARGEST)
        url = await files.put(agent.app_id, data, name=found.name, mime=found.mime)
        part = Media(url=url, media=found.kind, mime=found.mime, name=found.name, size=len(data))
        return {"part": asdict(part)}

    return router
