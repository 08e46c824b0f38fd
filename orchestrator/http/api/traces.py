"""/v1/traces: why a turn went as it did."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.views import TraceView
from orchestrator.http.bots.views import NoteView
from orchestrator.http.sections import V1
from orchestrator.roster.office import Office


class TraceWithShadows(TraceView):
    shadows: list[NoteView] = Field(description="What candidates would have answered, unheard; newest first.")


def routes(deps: Deps, office: Office) -> APIRouter:
    router = V1.router("/traces", "Traces")
    reader = Annotated[Caller, Depends(deps.caller("read"))]

    @router.get("/{trace_id}", summary="Get a trace")
    async def get_trace(caller: reader, trace_id: str) -> TraceWithShadows:
        """One turn: stages with timings, rules with evidence, bots called, what was lost on the channel."""
        trace = await deps.records.trace(caller.app_id, trace_id)
        shadows = await office.bots.notes(caller.app_id, kind="shadow", turn_id=trace.turn_id)
        shown = TraceView.model_validate(trace)
        return TraceWithShadows(**dict(shown), shadows=[NoteView.model_validate(one) for one in shadows])

    return router
