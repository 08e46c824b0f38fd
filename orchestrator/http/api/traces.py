"""/v1/traces: why a turn went as it did."""

from typing import Annotated

from fastapi import APIRouter, Depends

from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.views import TraceView


def routes(deps: Deps) -> APIRouter:
    router = APIRouter(prefix="/traces", tags=["Traces"])
    reader = Annotated[Caller, Depends(deps.caller("read"))]

    @router.get("/{trace_id}", summary="Get a trace")
    async def get_trace(caller: reader, trace_id: str) -> TraceView:
        """One turn: stages with timings, rules with evidence, bots called, what was lost on the channel."""
        return TraceView.model_validate(await deps.records.trace(caller.app_id, trace_id))

    return router
