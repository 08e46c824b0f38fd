"""Committing steps of turns: a batch of them in one call of parley_commit_2."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.adapters.postgres.accept import dumped, named
from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import packed, together
from orchestrator.adapters.sql.drafts import Draft, Params
from orchestrator.adapters.sql.rows import Decoder, micros, moment
from orchestrator.copies import replace
from orchestrator.errors import Fenced, NotFound
from orchestrator.types import Commit, Committed, Marks

COMMIT = "SELECT * FROM parley_commit_2($1::json, $2::json, $3::json, $4::json, $5::json, $6::json, $7::json, $8::json)"

LINE = (
    "id", "app_id", "conversation_id", "channel_id", "role", "author", "at", "language", "visibility", "epoch",
    "turn_id", "external_id", "withdrawn", "parts", "translations", "understanding", "extra",
)  # fmt: skip
UNDERSTOOD = ("language", "translations", "understanding", "id", "conversation_id")
LETTER = (
    "id", "app_id", "conversation_id", "channel_id", "address", "message_id", "epoch", "due_at", "attempts",
    "renderings", "done", "state", "external_id", "error", "reason",
)  # fmt: skip
CASE = (
    "id", "app_id", "conversation_id", "state", "team", "priority", "reason", "language", "agent_id", "note",
    "offered_at", "accepted_at", "ended_at", "expires_at", "packet",
)  # fmt: skip
TRACE = ("id", "app_id", "conversation_id", "turn_id", "at", "body")
OWED = ("message_id", "target", "source", "app_id", "conversation_id", "at")


@dataclass(frozen=True, slots=True)
class Step:
    """A Draft as objects for parley_commit_2, one list for each of its parameters, but for their place in the batch."""

    draft: Draft
    lists: tuple[list[bytes], ...]


def step(draft: Draft, holder: str) -> Step:
    """Raises Malformed."""
    commit = draft.commit
    lines = {message.id: nth for nth, message in enumerate(commit.messages, 1)}
    letters = [
        {**zipped(LETTER, row), "nth": nth, "seq": letter.seq, "line": lines.get(letter.message_id)}
        for nth, (row, letter) in enumerate(zip(draft.outbox, commit.outbox, strict=True))
    ]
    said = [{**zipped(LINE, row), "nth": nth, "withdrawn": int(row[12])} for nth, row in enumerate(draft.messages, 1)]
    lists = (
        [packed(stepped(draft, holder))],
        [packed(row) for row in said],
        [packed(zipped(UNDERSTOOD, row)) for row in draft.understood],
        [packed(row) for row in letters],
        [packed(zipped(CASE, draft.handoff))] if draft.handoff else [],
        [packed(zipped(TRACE, draft.trace))] if draft.trace else [],
        [packed(zipped(OWED, row)) for row in draft.owed],
        [packed({"message_id": debt.message_id, "target": debt.target}) for debt in commit.repaid],
    )
    return Step(draft, lists)


def zipped(names: Iterable[str], row: Params) -> dict[str, Any]:
    return dict(zip(names, row, strict=True))


def stepped(draft: Draft, holder: str) -> dict[str, Any]:
    commit, head = draft.commit, draft.commit.conversation
    kind, name, team, wake_at = draft.columns
    heard = [
        nth for nth, said in enumerate(commit.messages, 1) if said.role == "customer" and said.visibility == "public"
    ]
    return {
        "id": head.id,
        "version": head.version,
        "processed_seq": head.processed_seq,
        "status": head.status,
        "updated_at": micros(head.updated_at),
        "head": draft.head,
        "controller_kind": kind,
        "controller_name": name,
        "team": team,
        "wake_at": wake_at,
        **named(head),
        "added": len(commit.messages),
        "first_heard": heard[0] if heard else None,
        "last_heard": heard[-1] if heard else None,
        "withdraw": commit.withdraw_pending,
        "holder": holder,
        "hold": commit.hold if commit.outbox else 0.0,
        "facts": dumped(commit.profile),
        "moment": micros(commit.at),
    }


async def commit(
    db: Connection, decoder: Decoder, batch: Sequence[Step]
) -> Sequence[tuple[Committed, str] | Exception]:
    """What stands now, and the text of the context."""
    lists = [
        together(
            [b'{"place":%d,%b' % (place, one[1:]) for place, step in enumerate(batch) for one in step.lists[number]]
        )
        for number in range(8)
    ]
    rows = {row[0]: row for row in await db.fetch(COMMIT, *lists)}
    return [outcome(decoder, one.draft.commit, rows.get(place)) for place, one in enumerate(batch)]


def outcome(decoder: Decoder, commit: Commit, row: Any) -> tuple[Committed, str] | Exception:
    head = commit.conversation
    if row is None:
        return NotFound(f"there is no conversation {head.id!r}")
    _, passed, held, version, last_seq, processed_seq, status, updated_at, delivered, read, desk, context = row
    if not passed:
        return Fenced(f"conversation {head.id!r} moved on from version {head.version} to {version}; load it again")
    after = replace(
        head,
        version=version,
        last_seq=last_seq,
        processed_seq=processed_seq,
        status=status,
        updated_at=moment(updated_at),
        context=decoder.context(head.id, context),
        marks=Marks(customer_delivered=delivered, customer_read=read, desk_read=desk),
    )
    first = last_seq - len(commit.messages) + 1
    messages = tuple(replace(message, seq=seq) for seq, message in enumerate(commit.messages, first))
    return Committed(conversation=after, messages=messages, held=held), context
