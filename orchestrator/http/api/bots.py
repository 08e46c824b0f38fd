"""/v1/bots: which bots answer, how they are, and registering more."""

from fastapi import APIRouter

from orchestrator.http.api.access import Deps
from orchestrator.http.bots.routes import bot_routes
from orchestrator.http.sections import V1
from orchestrator.roster.office import Office


def routes(deps: Deps, office: Office) -> APIRouter:
    return bot_routes(office, V1, deps.caller("read"), deps.caller("admin"))
