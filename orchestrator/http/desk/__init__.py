"""The desk: where agents work. Its pages at /desk, its API and live updates below /desk/api."""

from collections.abc import Mapping
from pathlib import Path

from fastapi import APIRouter

from orchestrator.config import AppSettings
from orchestrator.http.bots.routes import bot_routes
from orchestrator.http.desk.actions import case_routes, say_routes
from orchestrator.http.desk.admins import Admins
from orchestrator.http.desk.auth import auth_routes
from orchestrator.http.desk.counters import Counters
from orchestrator.http.desk.crew import Crew
from orchestrator.http.desk.live import live_routes
from orchestrator.http.desk.login import REFUSAL_SECONDS, Login
from orchestrator.http.desk.names import Names
from orchestrator.http.desk.pages import page_routes
from orchestrator.http.desk.people import people_routes
from orchestrator.http.desk.preview import preview_routes
from orchestrator.http.desk.sessions import Sessions
from orchestrator.http.desk.tabs import Tabs
from orchestrator.http.desk.uploads import upload_routes
from orchestrator.http.desk.views import Views, team_routes, trace_routes, view_routes
from orchestrator.http.desk.wordings import wording_routes
from orchestrator.http.passwords import Passwords
from orchestrator.http.sections import DESK, joined
from orchestrator.ports import Accounts, Bus, Clock, Files, Records
from orchestrator.roster.office import Office

__all__ = ["desk_routes"]


def desk_routes(
    *,
    crew: Crew,
    records: Records,
    accounts: Accounts,
    bus: Bus,
    clock: Clock,
    files: Files,
    apps: Mapping[str, AppSettings],
    public_url: str,
    folder: Path,
    office: Office | None = None,
    passwords: Passwords | None = None,
    refusal_seconds: float = REFUSAL_SECONDS,
) -> APIRouter:
    """`crew` is the engine, `folder` holds web/desk; a wrong password is answered after `refusal_seconds`."""
    sessions = Sessions(accounts, clock, public_url)
    names = Names(records)
    tabs = Tabs(bus)
    login = Login(accounts, bus, clock, tuple(apps), passwords or Passwords(), refusal_seconds)
    counters = Counters(records, clock)
    views = Views(records, names, counters, crew)
    admins = Admins(sessions)
    parts = (
        auth_routes(login, sessions, accounts, apps, tabs),
        view_routes(views, records, sessions),
        trace_routes(records, sessions, office.bots if office is not None else None),
        team_routes(accounts, bus, sessions, apps),
        case_routes(crew.desk, records, sessions),
        say_routes(crew.desk, records, sessions),
        people_routes(crew.continuing, records, sessions, apps),
        preview_routes(apps, sessions, public_url),
        wording_routes(crew.wordings, records, sessions),
        upload_routes(files, records, sessions),
        live_routes(crew, records, bus, clock, sessions, tabs, names, counters),
        *([bot_routes(office, DESK, admins.reader, admins.changer)] if office is not None else []),
        page_routes(folder),
    )
    return joined(parts)
