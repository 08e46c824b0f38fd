"""A process to be killed: it takes numbered messages, answers each, and says which ones are done.

    python -m tests.support.acceptor parley.db 0 1 2 3      lines on stdout: "0", "4" … as each becomes durable

Instead of a file it takes the address of a PostgreSQL database, which several of these may work on at once.
Each number given is a visitor, who goes on with every VISITORS-th: one that was not done is sent again.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.stores import Database, store_of
from orchestrator.config import StoreSettings
from orchestrator.errors import Fenced
from orchestrator.types import Commit, Controller, Conversation, Message, Received, Spoken, Text

VISITORS = 8
CLOCK = SystemClock()


def conversation(address: str) -> Conversation:
    now = CLOCK.now()
    return Conversation(
        app_id="shop",
        id=CLOCK.new_id(),
        channel_id="web",
        address=address,
        customer_id=CLOCK.new_id(),
        controller=Controller(kind="bot", name="echo"),
        language=Spoken(code="en"),
        created_at=now,
        updated_at=now,
    )


async def one(store: Database, number: int) -> None:
    """Take the message, and answer whatever waits in its conversation."""
    address, now = f"visitor {number % VISITORS}", CLOCK.now()
    event = Received(address=address, external_id=str(number), parts=(Text(text=str(number)),), at=now)
    accepted = await store.accept(conversation(address), event, CLOCK.new_id())
    while (loaded := await store.load(accepted.conversation.id, history=3)).pending:
        head = replace(loaded.conversation, processed_seq=loaded.pending[-1].seq)
        answers = tuple(answer(head, said) for said in loaded.pending)
        try:
            await store.commit(Commit(conversation=head, messages=answers, at=now))
        except Fenced:
            continue  # another process was faster


def answer(head: Conversation, said: Message) -> Message:
    return Message(
        id=CLOCK.new_id(),
        app_id=head.app_id,
        conversation_id=head.id,
        role="bot",
        parts=said.parts,
        at=CLOCK.now(),
    )


async def visitor(store: Database, start: int) -> None:
    number = start
    while True:
        await one(store, number)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += VISITORS


async def main(path: str, starts: list[int]) -> None:
    """Each visitor goes on at its own number."""
    url = path if "://" in path else f"sqlite:///{path}"
    store = store_of(StoreSettings(url=url), Path(), CLOCK)
    await store.open()
    await asyncio.gather(*(visitor(store, start) for start in starts))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], [int(number) for number in sys.argv[2:]]))
