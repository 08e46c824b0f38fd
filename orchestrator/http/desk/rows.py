"""The JSON a desk reads: rows of its lists, and a conversation in full."""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator import codec
from orchestrator.types import Conversation, Customer, Handoff, Marks, Outgoing, QueueView, Trace

ROW = (
    "id",
    "channel_id",
    "customer_id",
    "controller",
    "language",
    "created_at",
    "updated_at",
    "last_seq",
    "epoch",
    "status",
    "bot",
    "aggregates",
    "handoff",
    "marks",
)


def row(conversation: Conversation, customer: Mapping[str, Any], case: Handoff | None) -> dict[str, Any]:
    """One line of a list. `case` tells why and since when it waits; None when there is none, or it isn't known."""
    plain = codec.conversation.plain(conversation)
    return {
        **{key: plain[key] for key in ROW},
        "customer": customer,
        "case": case_brief(case) if case else None,
    }


def customer_brief(customer: Customer) -> dict[str, Any]:
    known = customer.profile
    return {"id": customer.id, **{key: known[key] for key in ("name", "email", "tier", "verified") if key in known}}


def case_brief(case: Handoff) -> dict[str, Any]:
    return {
        "id": case.id,
        "reason": case.reason,
        "offered_at": case.offered_at.isoformat(),
        "accepted_at": case.accepted_at.isoformat() if case.accepted_at else None,
        "expires_at": case.expires_at.isoformat() if case.expires_at else None,
    }


def case_full(case: Handoff | None) -> dict[str, Any] | None:
    """With its packet, save the transcript: the thread is beside it."""
    if case is None:
        return None
    plain: dict[str, Any] = codec.handoff.plain(case)
    plain["packet"].pop("transcript", None)
    return plain


def queue(view: QueueView | None) -> dict[str, Any] | None:
    if view is None:
        return None
    return {"position": view.position, "waiting": view.waiting, "open": view.open, "agents": view.agents}


def marks(of: Marks) -> dict[str, int]:
    return {
        "customer_delivered": of.customer_delivered,
        "customer_read": of.customer_read,
        "desk_read": of.desk_read,
    }


def deliveries(rows: Sequence[Outgoing]) -> list[dict[str, Any]]:
    return [
        {
            "message_id": item.message_id,
            "state": item.state,
            "attempts": item.attempts,
            "error": item.error,
            "reason": item.reason,
        }
        for item in rows
    ]


def trace_brief(trace: Trace) -> dict[str, Any]:
    """Enough to find the turn a message belongs to."""
    return {
        "id": trace.id,
        "turn_id": trace.turn_id,
        "at": trace.at.isoformat(),
        "ms": trace.ms,
        "outcome": trace.outcome,
        "seqs": list(trace.seqs),
    }
