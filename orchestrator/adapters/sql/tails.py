"""The ends of the logs that turns work on, decoded: a turn reads the same history as the one before it, and one line.

A log changes only with its conversation's `last_seq` (a message was accepted) or `version` (a commit). So the head
read from the database says whether what is remembered is still the truth, whoever wrote it. Only what is durable
may be remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.adapters.sql.recent import Recent
from orchestrator.adapters.sql.rows import meant
from orchestrator.types import Accepted, Committed, Message

SIZE = 768 * 1024
"""Characters of encoded messages; decoded they take two to three times as many bytes."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Every message with `seq > since` that was not withdrawn, as of that version and last_seq, oldest first."""

    version: int
    last_seq: int
    since: int
    messages: tuple[Message, ...]
    weight: int


class Tails:
    def __init__(self, size: int = SIZE) -> None:
        self.recent: Recent[str, Tail] = Recent(size)
        self.longest = 64

    def get(self, conversation_id: str, version: int, last_seq: int, since: int) -> Tail | None:
        """The tail as of exactly this state, if it reaches back to `since`."""
        tail = self.recent.get(conversation_id)
        if tail is None or tail.version != version or tail.last_seq != last_seq or tail.since > max(since, 0):
            return None
        return tail

    def put(self, conversation_id: str, tail: Tail) -> None:
        self.recent.put(conversation_id, trimmed(tail, self.longest), tail.weight)

    def reach(self, count: int) -> None:
        """Turns ask for this many messages: keep tails long enough."""
        self.longest = max(self.longest, 2 * count)

    def accepted(self, accepted: Accepted, weight: int) -> None:
        message = accepted.message
        if message is None or accepted.duplicate:
            return
        id, version, seq = message.conversation_id, accepted.conversation.version, message.seq
        tail = self.recent.get(id) if seq > 1 else Tail(version, 0, 0, (), 0)
        if tail is not None and tail.version == version and tail.last_seq == seq - 1:
            self.put(id, Tail(version, seq, tail.since, (*tail.messages, message), tail.weight + weight))

    def committed(self, committed: Committed, understood: Sequence[Message], weight: int) -> None:
        head, added = committed.conversation, committed.messages
        tail = self.recent.get(head.id)
        if tail is None or tail.version != head.version - 1 or tail.last_seq != head.last_seq - len(added):
            return
        learnt = {message.id: message for message in understood}
        known = [meant(said, learnt[said.id]) if said.id in learnt else said for said in tail.messages]
        self.put(head.id, Tail(head.version, head.last_seq, tail.since, (*known, *added), tail.weight + weight))


def trimmed(tail: Tail, longest: int) -> Tail:
    """Too long a one loses its older half."""
    cut = len(tail.messages) - longest // 2
    if len(tail.messages) <= longest:
        return tail
    return Tail(tail.version, tail.last_seq, tail.messages[cut - 1].seq, tail.messages[cut:], tail.weight // 2)
