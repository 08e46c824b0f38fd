"""Where groups of routes stand. Every route is made once, with its whole path and limit.

FastAPI makes a route anew, with the models of all its parameters, for every router it is included in: with
`include_router` making the routes took 0.5 s of CPU at the start and 20 MB.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import APIRouter


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`max_body` is bytes of a request; a section that is not `public` is left out of the API's description."""

    prefix: str
    max_body: int
    public: bool = True

    def router(self, prefix: str = "", tag: str = "") -> APIRouter:
        return APIRouter(
            prefix=self.prefix + prefix,
            tags=[tag] if tag else None,
            max_body_size=self.max_body,
            include_in_schema=self.public,
        )


V1 = Section(prefix="/v1", max_body=262_144)
DESK = Section(prefix="/desk/api", max_body=65_536, public=False)


def joined(parts: Iterable[APIRouter]) -> APIRouter:
    """Their routes as they are: what holds for them is said where each is made."""
    whole = APIRouter()
    for part in parts:
        whole.routes.extend(part.routes)
    return whole
