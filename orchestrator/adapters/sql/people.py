"""Addresses of people as rows, and back; and the statements that both stores share but for their placeholders."""

from collections.abc import Mapping
from typing import Any

import orjson

from orchestrator import codec
from orchestrator.adapters.sql.rows import Row, moment
from orchestrator.copies import replace
from orchestrator.errors import Conflict, NotFound
from orchestrator.types import Identity, LinkChange, LinkCode

IDENTITY = "app_id, channel_id, address, customer_id, conversation_id"
Facts = Mapping[str, Any]


def to_identity(row: Row) -> Identity:
    return Identity(app_id=row[0], channel_id=row[1], address=row[2], customer_id=row[3], conversation_id=row[4])


def to_code(row: Row) -> LinkCode:
    return LinkCode(digest=row[0], app_id=row[1], conversation_id=row[2], by=row[3], expires_at=moment(row[4]))


def owned_by(head: str, customer_id: str) -> str:
    """A conversation's head as another person's."""
    return codec.conversation.dump(replace(codec.conversation.load(head), customer_id=customer_id)).decode()


def gained(theirs: Facts, former: Facts) -> dict[str, Any]:
    """What the profile lacks and the former one has. Nothing is replaced: neither is better known than the other."""
    return {key: value for key, value in former.items() if key not in theirs and key != "verified"}


def without(profile: Facts, learned: Facts) -> dict[str, Any]:
    """As it would be without what was learned; what has changed since stays."""
    return {key: value for key, value in profile.items() if not (key in learned and learned[key] == value)}


def vouched(profile: str, verified: str) -> dict[str, Any]:
    """The facts that stand verified, of both columns."""
    names = orjson.loads(verified)
    return {key: value for key, value in codec.anything.load(profile).items() if key in names}


def nobody(customer_id: str) -> NotFound:
    return NotFound(f"there is no customer {customer_id!r}")


def moved_on(address: str) -> Conflict:
    return Conflict(f"{address!r} was linked by somebody else in the meantime; look again")


def no_code() -> NotFound:
    return NotFound("this code was used already, or its time is over; ask for another")


def no_change(change_id: str) -> NotFound:
    return NotFound(f"there is no change {change_id!r}")


def undoable(change: LinkChange, now_is: Identity | None) -> LinkChange:
    """Raises Conflict."""
    if change.undone_at is not None:
        raise Conflict(f"change {change.id!r} was taken back already")
    if now_is != change.after:
        raise Conflict(f"{change.after.address!r} was linked once more since; take that back first")
    return change
