"""The public API below /v1, and its description at /openapi.json and /docs."""

from collections.abc import Mapping

from fastapi import APIRouter

from orchestrator.engine import App, Engine
from orchestrator.http.api import bots, channels, conversations, customers, handoffs, keyring, people, queues, traces
from orchestrator.http.api.access import Deps
from orchestrator.http.sections import joined
from orchestrator.ports import Accounts, Bus, Clock, Letters, Records
from orchestrator.roster.office import Office

__all__ = ["router"]


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
    offices = [part.routes(deps, office) for part in (bots, traces, channels)]
    others = [part.routes(deps) for part in (conversations, handoffs, customers, people, queues, keyring)]
    return joined((*offices, *others))
