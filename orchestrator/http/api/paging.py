"""Pages: how many, and where to go on."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from orchestrator.errors import Malformed

S = TypeVar("S")
T = TypeVar("T")


Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[str, Query(max_length=300, description="`next` of the page before; leave out for the first page.")]
Seq = Annotated[int, Query(ge=0, le=2**53, description="A message's place in its conversation: 1, 2, 3 …")]


class Page(BaseModel, Generic[T]):
    """`next` is null where there is nothing more. A page may hold a few more than asked for: those of one instant."""

    data: list[T]
    next: str | None = None


def cursor(at: datetime) -> str:
    return base64.urlsafe_b64encode(at.astimezone(UTC).isoformat().encode()).decode().rstrip("=")


def before(text: str) -> datetime | None:
    """Raises Malformed."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii"))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (binascii.Error, ValueError, OverflowError):
        raise Malformed("cursor is not one this API has given; use a page's 'next' as it is") from None


async def page(
    fetch: Callable[[datetime | None, int], Awaitable[Sequence[S]]],
    at: Callable[[S], datetime],
    show: Callable[[S], T],
    cursor_: str,
    limit: int,
) -> Page[T]:
    """One page of what `fetch(before, limit)` lists newest first; of one instant it gives all or nothing."""
    found = await fetch(before(cursor_), limit)
    full = len(found) >= limit
    return Page(data=[show(one) for one in found], next=cursor(at(found[-1])) if full else None)
