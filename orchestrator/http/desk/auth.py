"""/desk/api/login, /logout and /me."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from orchestrator.config import AppSettings
from orchestrator.http.desk.login import ChooseApp, Login
from orchestrator.http.desk.sessions import Sessions, SignedIn
from orchestrator.http.desk.tabs import Tabs
from orchestrator.http.desk.wire import Form
from orchestrator.http.problems import answer
from orchestrator.http.sections import DESK
from orchestrator.ports import Accounts


class Credentials(Form):
    email: str = Field(max_length=320)
    password: str = Field(max_length=4096)
    app: str = Field("", max_length=63)


def auth_routes(
    login: Login, sessions: Sessions, accounts: Accounts, apps: Mapping[str, AppSettings], tabs: Tabs
) -> APIRouter:
    router = DESK.router()
    reader = Annotated[SignedIn, Depends(sessions.reader)]
    changer = Annotated[SignedIn, Depends(sessions.changer)]

    @router.post("/login")
    async def sign_in(request: Request, given: Credentials) -> Response:
        sessions.own_page(request)
        address = request.client.host if request.client else ""
        try:
            token, session, agent = await login.sign_in(given.email, given.password, given.app, address)
        except ChooseApp as choice:
            return choose(choice, apps)
        response = JSONResponse(about(SignedIn(agent=agent, session=session), apps))
        sessions.remember(response, token)
        return response

    @router.post("/logout")
    async def sign_out(signed_in: changer, response: Response) -> dict[str, bool]:
        await accounts.end_session(signed_in.session.digest)
        await tabs.sign_out(signed_in.session)
        sessions.forget(response)
        return {"ok": True}

    @router.get("/me")
    async def me(signed_in: reader) -> dict[str, Any]:
        return about(signed_in, apps)

    return router


def choose(choice: ChooseApp, apps: Mapping[str, AppSettings]) -> Response:
    """Only somebody with the right password reads this."""
    named = [{"id": app, "name": apps[app].name or app} for app in choice.apps]
    return answer(409, "choose_app", str(choice), apps=named)


def about(signed_in: SignedIn, apps: Mapping[str, AppSettings]) -> dict[str, Any]:
    """What a desk needs to know of its agent and app."""
    agent, app = signed_in.agent, apps[signed_in.agent.app_id]
    return {
        "agent": {
            "id": agent.id,
            "name": agent.name,
            "email": agent.email,
            "role": agent.role,
            "teams": list(agent.teams),
            "languages": list(agent.languages),
        },
        "app": {
            "id": agent.app_id,
            "name": app.name or agent.app_id,
            "pivot": app.pivot,
            "languages": list(app.languages),
            "teams": {team: known.label or team for team, known in app.teams.items()},
            "channels": {channel: known.kind for channel, known in app.channels.items()},
        },
        "csrf": signed_in.session.csrf,
        "expires_at": signed_in.session.expires_at.isoformat(),
    }
