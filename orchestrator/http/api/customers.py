"""/v1/customers: the people, and what is known of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from orchestrator.http.api.access import Caller, Deps
from orchestrator.http.api.paging import Cursor, Limit, Page, page
from orchestrator.http.api.views import CustomerView
from orchestrator.http.sections import V1
from orchestrator.types import Customer


def routes(deps: Deps) -> APIRouter:
    router = V1.router("/customers", "Customers")
    reader = Annotated[Caller, Depends(deps.caller("read"))]

    @router.get("", summary="List customers")
    async def list_customers(caller: reader, limit: Limit = 50, cursor: Cursor = "") -> Page[CustomerView]:
        """The latest first."""

        async def fetch(before: datetime | None, most: int) -> Sequence[Customer]:
            return await deps.records.customers(caller.app_id, before=before, limit=most)

        return await page(fetch, lambda one: one.updated_at, CustomerView.model_validate, cursor, limit)

    @router.get("/{customer_id}", summary="Get a customer")
    async def get_customer(caller: reader, customer_id: str) -> CustomerView:
        return CustomerView.model_validate(await deps.records.customer(caller.app_id, customer_id))

    return router
