"""What happens all the time, as calls on any store: each must cost the same however much is kept."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from orchestrator.types import Commit, Conversation
from tests.support.builders import commit, handoff, later, message, outgoing, reference, trace
from tests.support.stores import Database, hear

HOT: list[tuple[str, Callable[[Database, Conversation], Awaitable[Any]]]] = [
    ("accept", lambda store, head: hear(store, external_id="new")),
    ("accept a stranger", lambda store, head: hear(store, address="new", external_id="new")),
    ("accept again", lambda store, head: hear(store, external_id="event")),
    ("load", lambda store, head: store.load(head.id, history=20)),
    ("commit", lambda store, head: store.commit(everything(head))),
    ("mark", lambda store, head: store.mark(head.id, replace(head.marks, desk_read=1))),
    ("context", lambda store, head: store.set_context(head.id, {"a": 1}, "nl")),
    ("late", lambda store, head: store.answer_late(head.id, "turn", ())),
    ("status", lambda store, head: store.status("web", "wamid", "read", "")),
    ("due", lambda store, head: store.due(later(0), 10)),
    ("unfinished", lambda store, head: store.unfinished(later(0), 10)),
    ("waiting", lambda store, head: store.waiting("shop", team="support")),
    ("counts", lambda store, head: store.counts()),
    ("messages", lambda store, head: store.messages(head.id, after=1)),
    ("public messages", lambda store, head: store.messages(head.id, public=True, limit=20)),
    ("find", lambda store, head: store.find_conversation("web", "visitor")),
    ("external", lambda store, head: store.message_by_external("web", "event")),
    ("queue", lambda store, head: store.conversations("shop", view="queue", team="support")),
    ("mine", lambda store, head: store.conversations("shop", view="mine", agent_id="ada")),
    ("all", lambda store, head: store.conversations("shop", before=later(0))),
    ("customer's", lambda store, head: store.conversations("shop", customer_id=head.customer_id)),
    ("handoffs", lambda store, head: store.handoffs("shop", state="offered", before=later(0))),
    ("its handoffs", lambda store, head: store.handoffs("shop", conversation_id=head.id)),
    ("customers", lambda store, head: store.customers("shop", before=later(0))),
    ("traces", lambda store, head: store.traces(head.id)),
    ("deliveries", lambda store, head: store.deliveries(head.id)),
    ("session", lambda store, head: store.session("digest", later(0))),
    ("agent", lambda store, head: store.agent_by_email("shop", "ada@shop.test")),
    ("key", lambda store, head: store.key("digest")),
]


def everything(head: Conversation) -> Commit:
    said, case = message(head), handoff(head)
    return commit(
        replace(head, handoff=reference(case)),
        said,
        understood=(message(head),),
        outbox=(outgoing(said, head),),
        handoff=case,
        trace=trace(head),
        profile={"size": "M"},
        withdraw_pending=True,
    )
