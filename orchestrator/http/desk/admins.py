"""What only admins of the desk may look after."""

from dataclasses import dataclass

from fastapi import Request

from orchestrator.errors import Forbidden
from orchestrator.http.desk.sessions import Sessions, SignedIn


@dataclass(frozen=True, slots=True)
class Admin:
    signed_in: SignedIn

    @property
    def app_id(self) -> str:
        return self.signed_in.agent.app_id

    @property
    def who(self) -> str:
        return self.signed_in.agent.name


class Admins:
    """Dependencies as those of Sessions, for admins alone."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    async def reader(self, request: Request) -> Admin:
        return checked(await self.sessions.reader(request))

    async def changer(self, request: Request) -> Admin:
        return checked(await self.sessions.changer(request))


def checked(signed_in: SignedIn) -> Admin:
    if signed_in.agent.role != "admin":
        raise Forbidden("only an admin looks after bots")
    return Admin(signed_in)
