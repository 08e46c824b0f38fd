"""What a turn costs in the store: accept + load + commit, many conversations at once, everything durable.

    python benchmarks/store.py --turns 5000 --concurrency 32 --history 20 --length 1000 --stored 10000 --core 0
    python benchmarks/store.py --url postgresql://postgres@127.0.0.1:5432/empty       also counts round trips per turn

`length` is how many messages each conversation has when the clock starts, `stored` how many others there are. Prints
turns per second and CPU microseconds of the whole process per turn, about a quarter of which is this script building
what an engine would. Believe ratios of one run only.
"""

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.stores import Database, store_of
from orchestrator.config import StoreSettings
from orchestrator.types import (
    BotCall,
    Commit,
    Controller,
    Conversation,
    Decision,
    Intent,
    Language,
    Message,
    Received,
    RuleCheck,
    Say,
    Sentiment,
    Spoken,
    StageRun,
    Text,
    Trace,
    Understanding,
)

CLOCK = SystemClock()
STAGES = tuple(StageRun(stage=name, outcome="ok", engine="local", ms=0.2) for name in ("language", "sentiment"))
UNDERSTANDING = Understanding(
    language=Language(code="es", confidence=0.98, engine="langid", reason="detected"),
    pivot="How much is the shipping?",
    sentiment=Sentiment(score=0.1, label="neutral", confidence=0.6, engine="vader"),
    intents=(Intent(name="shipping", score=0.9, engine="tfidf"),),
    stages=STAGES,
)
CHECKS = tuple(RuleCheck(rule=f"rule-{number}", held=False, values={"sentiment": 0.1}) for number in range(5))


def fresh(address: str) -> Conversation:
    now = CLOCK.now()
    return Conversation(
        app_id="shop",
        id=CLOCK.new_id(),
        channel_id="web",
        address=address,
        customer_id=CLOCK.new_id(),
        controller=Controller(kind="bot", name="guide"),
        bot="guide",
        language=Spoken(code="es"),
        context={"page": "/checkout", "cart": [{"sku": "mug", "price": 12.5, "count": 2}]},
        created_at=now,
        updated_at=now,
    )


def said(address: str) -> Received:
    text = Text(text="Hola, ¿cuánto cuesta el envío?")
    return Received(address=address, external_id=CLOCK.new_id(), parts=(text,), at=CLOCK.now())


async def turn(store: Database, address: str, history: int) -> None:
    accepted = await store.accept(fresh(address), said(address), CLOCK.new_id())
    loaded = await store.load(accepted.conversation.id, history=history)
    head, now, turn_id = loaded.conversation, CLOCK.now(), CLOCK.new_id()
    answer = (Text(text="Shipping is free from 50 euros."),)
    reply = Message(
        id=CLOCK.new_id(),
        app_id=head.app_id,
        conversation_id=head.id,
        role="bot",
        author="guide",
        parts=answer,
        language="en",
        translations={"es": (Text(text="El envío es gratis a partir de 50 euros."),)},
        at=now,
        turn_id=turn_id,
    )
    understood = tuple(replace(message, language="es", understanding=UNDERSTANDING) for message in loaded.pending)
    trace = Trace(
        id=CLOCK.new_id(),
        app_id=head.app_id,
        conversation_id=head.id,
        turn_id=turn_id,
        at=now,
        ms=2.5,
        epoch=head.epoch,
        outcome="answered",
        seqs=tuple(message.seq for message in loaded.pending),
        stages=STAGES,
        decisions=(Decision(route="bot", bot="guide", checks=CHECKS),),
        bots=(BotCall(bot="guide", outcome="ok", ms=0.3),),
        actions=(Say(parts=answer),),
    )
    head = replace(head, processed_seq=loaded.pending[-1].seq, updated_at=now)
    commit = Commit(conversation=head, messages=(reply,), understood=understood, trace=trace, at=now)
    await store.commit(commit)


async def load(store: Database, turns: int, concurrency: int, history: int, spread: int) -> None:
    left = itertools.count()

    async def visitor(number: int) -> None:
        while (count := next(left)) < turns:
            await turn(store, address(number, count // concurrency % spread), history)

    await asyncio.gather(*(visitor(number) for number in range(concurrency)))


async def fill(store: Database, concurrency: int, length: int, stored: int, spread: int) -> None:
    """Conversations with a past, and strangers."""
    for visitor in range(concurrency):
        for part in range(spread):
            accepted = await store.accept(fresh(address(visitor, part)), said(address(visitor, part)), CLOCK.new_id())
            head = replace(accepted.conversation, processed_seq=1)
            for first in range(1, length, 500):
                lines = tuple(line(head) for _ in range(first, min(first + 500, length)))
                head = (await store.commit(Commit(conversation=head, messages=lines, at=CLOCK.now()))).conversation
    for first in range(0, stored, 256):
        names = [f"other-{number}" for number in range(first, min(first + 256, stored))]
        await asyncio.gather(*(store.accept(fresh(name), said(name), CLOCK.new_id()) for name in names))


def address(visitor: int, part: int) -> str:
    return f"visitor-{visitor}-{part}"


def line(head: Conversation) -> Message:
    text = Text(text="And what if I send it back after two weeks?")
    return Message(
        id=CLOCK.new_id(),
        app_id=head.app_id,
        conversation_id=head.id,
        role="agent",
        parts=(text,),
        at=CLOCK.now(),
        understanding=UNDERSTANDING,
    )


async def measure(options: argparse.Namespace, path: Path) -> None:
    store = store_of(StoreSettings(url=options.url or f"sqlite:///{path}"), path.parent, CLOCK)
    await store.open()
    await fill(store, options.concurrency, options.length, options.stored, options.spread)
    await load(store, 10 * options.concurrency * options.spread, options.concurrency, options.history, options.spread)
    trips = counted(store)
    began, used = time.perf_counter(), time.process_time()
    await load(store, options.turns, options.concurrency, options.history, options.spread)
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    micros = cpu / options.turns * 1e6
    sys.stdout.write(f"{options.turns / wall:8.0f} turns/s {micros:8.0f} µs CPU per turn, all threads")
    sys.stdout.write(f"{len(trips) / options.turns:8.2f} round trips per turn\n" if options.url else "\n")
    await store.close()


def counted(store: Any) -> list[str]:
    """Grows by one with each statement that is sent to PostgreSQL from now on."""
    trips: list[str] = []
    for db in store.pool.idle if hasattr(store, "pool") else ():
        db.add_query_logger(lambda record: trips.append(record.query))
    return trips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("turns", 5000), ("concurrency", 32), ("history", 20), ("length", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--stored", type=int, default=0)
    parser.add_argument("--spread", type=int, default=1, help="conversations of each visitor, in turn")
    parser.add_argument("--url", default="", help="of an empty PostgreSQL database; default: SQLite in a folder")
    parser.add_argument("--core", type=int, default=-1)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    if options.core >= 0:
        os.sched_setaffinity(0, {options.core})
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        uvloop.run(measure(options, Path(folder) / "store.db"))


if __name__ == "__main__":
    main()
