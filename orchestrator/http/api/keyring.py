"""/v1/keys: the keys of this API, for keys with scope admin."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.bodies import KeyRequest
from orchestrator.http.api.paging import Page
from orchestrator.http.api.views import KeyView, NewKey
from orchestrator.http.keys import create_key
from orchestrator.http.sections import V1


def routes(deps: Deps) -> APIRouter:
    router = V1.router("/keys", "Keys")
    admin = Annotated[Caller, Depends(deps.caller("admin"))]

    @router.get("", summary="List API keys")
    async def list_keys(caller: admin) -> Page[KeyView]:
        found = await deps.accounts.keys(caller.app_id)
        return Page(data=[KeyView.model_validate(one) for one in found])

    @router.post("", summary="Make an API key", status_code=201)
    async def add_key(caller: admin, body: KeyRequest) -> NewKey:
        """The answer is the only place the key itself is ever shown."""
        key, plain = await create_key(deps.accounts, deps.clock, caller.app_id, body.name, body.scopes)
        return NewKey(**KeyView.model_validate(key).model_dump(), key=plain)

    @router.delete("/{key_id}", summary="Revoke an API key", status_code=204)
    async def revoke_key(caller: admin, key_id: str) -> Response:
        """It stops working at once, for good."""
        await deps.accounts.revoke_key(caller.app_id, key_id)
        return Response(status_code=204)

    return router
