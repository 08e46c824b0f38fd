"""The public API below /v1, and its description at /openapi.json and /docs."""

from collections.abc import Mapping

from fastapi import APIRouter

from orchestrator.engine import App, Engine
from orchestrator.http.api import bots, channels, conversations, customers, handoffs, keyring, people, queues, traces
from orchestrator.http.api.access import Deps
from orchestrator.http.api.views import Problem
from orchestrator.ports import Accounts, Bus, Clock, Letters, Records
from orchestrator.roster.office import Office

__all__ = ["router"]

MAX_BODY = 262_144

ANSWERS: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "The request does not fit its schema; `fields` says where."},
    401: {"model": Problem, "description": "No key, or one that is unknown or revoked."},
    403: {"model": Problem, "description": "The key may not do this."},
    404: {"model": Problem, "description": "Nothing of your app has this id."},
    409: {"model": Problem, "description": "The thing is no longer as you thought."},
    429: {"model": Problem, "description": "Too many requests; try again after Retry-After seconds."},
    503: {"model": Problem, "description": "The database can't write now; try again."},
}


def router(
    *,
    apps: Mapping[str, App],
    engine: Engine,
    records: Records,
    letters: Letters,
    accounts: Accounts,
    bus: Bus,
    clock: Clock,
    office: Office,
    rate: int = 600,
) -> APIRouter:
    """`rate`: requests a minute for each key."""
    deps = Deps(
        apps=apps,
        engine=engine,
        records=records,
        letters=letters,
        accounts=accounts,
        bus=bus,
        clock=clock,
        rate=rate,
    )
    api = APIRouter(prefix="/v1", max_body_size=MAX_BODY, responses=ANSWERS)
    api.include_router(bots.routes(deps, office))
    api.include_router(traces.routes(deps, office))
    api.include_router(channels.routes(deps, office))
    for resource in (conversations, handoffs, customers, people, queues, keyring):
        api.include_router(resource.routes(deps))
    return api
