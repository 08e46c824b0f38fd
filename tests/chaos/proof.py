"""From outside, by the API and what neighbours and watchers got: nothing lost, nothing twice, everything in order."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.agents import Agents
from tests.chaos.customers import Customer
from tests.chaos.neighbours import TOKEN, Platform
from tests.chaos.record import Record
from tests.chaos.scene import Scene, pause
from tests.chaos.watchers import Tab, Widget

TURNS = "SELECT body FROM traces WHERE conversation_id = $1 ORDER BY at, id"
UNSURE = "SELECT message_id FROM outbox WHERE conversation_id = $1 AND state = 'unknown'"
SETTLED = ("turns", "sends", "dead")


@dataclass
class Log:
    """A conversation as /v1 tells it, oldest first, and the records of its turns."""

    address: str
    messages: list[dict[str, Any]]
    traces: list[dict[str, Any]] = field(default_factory=list)
    unsure: set[str] = field(default_factory=set)
    """Ids of messages whose worker died while it was sending them, just when a person took over."""

    @property
    def turned(self) -> Counter[int]:
        """In how many turns each message was, by `seq`."""
        return Counter(seq for trace in self.traces for seq in trace["seqs"])

    def public(self, *roles: str) -> list[dict[str, Any]]:
        return [
            message
            for message in self.messages
            if message["visibility"] == "public" and not message["withdrawn"] and message["role"] in roles
        ]


def tokens(*messages: dict[str, Any]) -> list[str]:
    return [token for message in messages for part in message["parts"] for token in TOKEN.findall(part.get("text", ""))]


async def read(scene: Scene, address: str, conversation_id: str) -> Log:
    """Turns and deliveries of the database itself: the API shows the last few."""
    found = await scene.messages(conversation_id)
    db = await scene.database.connect("parley")
    try:
        turns = [json.loads(row[0]) for row in await db.fetch(TURNS, conversation_id)]
        return Log(address, found, turns, {row[0] for row in await db.fetch(UNSURE, conversation_id)})
    finally:
        await db.close()


def told(log: Log) -> list[str]:
    """For the report: what was said, and what the turns were."""
    said = [
        f"{message['seq']} {message['at']} {message['role']}:{message['author']} {' '.join(tokens(message))} "
        f"{'withdrawn ' if message['withdrawn'] else ''}{message['turn_id']}"
        for message in log.messages
    ]
    turned = [
        f"{trace['at']} turn {trace['turn_id']} {trace['outcome']} epoch {trace['epoch']} seqs {trace['seqs']} "
        f"{[(call['bot'], call['outcome']) for call in trace['bots']]} {trace['notes']}"
        for trace in log.traces
    ]
    return [*said, *turned]


async def settled(scene: Scene, platform: Platform) -> bool:
    """Whether everything comes to rest in time: nothing to turn, nothing to send, nothing new for a while.

    The time begins anew with each delivery: a machine that has too much to do gets done later, not never.
    """
    loop = asyncio.get_running_loop()
    until, quiet, before = loop.time() + scene.plan.patience, 0, -1
    while loop.time() < until:
        depths = (await scene.ask("GET", "/queues"))["data"]
        rest = not any(depth[key] for depth in depths for key in ("turns", "sends"))
        quiet = quiet + 1 if rest and len(platform.ids) == before else 0
        if len(platform.ids) != before:
            until = loop.time() + scene.plan.patience
        before = len(platform.ids)
        if quiet >= 6:
            return True
        await pause(0.25)
    return False


def heard_in_order(record: Record, log: Log, customer: Customer) -> None:
    """What was acknowledged before something else was delivered at all, stands before it in the log."""
    events = {event.token: event for event in customer.events}
    said = tokens(*log.public("customer"))
    record.check(
        Counter(said) == Counter(list(events)),
        "every accepted message stands in the transcript once",
        log.address,
        sorted((Counter(said) - Counter(list(events))) + (Counter(list(events)) - Counter(said))),
        "lost, doubled or alien",
        [event.acked for event in customer.events if said.count(event.token) != 1],
    )
    earliest, behind = float("inf"), ""
    for token in reversed([token for token in said if token in events]):
        event = events[token]
        record.check(
            earliest >= event.sent,
            "messages are taken in as they were delivered",
            log.address,
            [token, behind],
            "the second was acknowledged before the first was sent, and stands behind it",
            [event.sent, earliest],
        )
        if event.acked < earliest:
            earliest, behind = event.acked, token


def answered(record: Record, log: Log, taken_over: bool) -> None:
    """Once, by the bot or its stand-in; where an agent stepped in, at most once. Each was in one turn."""
    said = [(message["seq"], token) for message in log.public("customer") for token in tokens(message)]
    replies = tokens(*log.public("bot"))
    often = Counter(replies)
    for seq, token in said:
        right = often[token] <= 1 if taken_over else often[token] == 1
        record.check(
            right, "every accepted message is answered once", log.address, [token], f"{often[token]} replies in the log"
        )
        record.check(
            log.turned[seq] == 1,
            "every accepted message is in one turn",
            log.address,
            [token],
            f"it was in {log.turned[seq]} turns that were committed",
        )
    order = [token for _, token in said if token in often]
    record.check(
        replies == order, "replies stand in the order of what they answer", log.address, differing(replies, order)
    )


def delivered(record: Record, log: Log, platform: Platform) -> None:
    """The platform got what the log says, in its order, each once."""
    bodies = platform.taken.get(log.address, [])
    at = {body["message_id"]: platform.ids[body["id"]] for body in bodies}
    known = {message["id"]: " ".join(tokens(message)) or message["role"] for message in log.messages}
    got = [body["message_id"] for body in bodies]
    unsure = log.unsure.difference(got)
    record.counts["nobody knows whether a bot's last word went out, and it did not"] += len(unsure)
    meant = [message["id"] for message in log.public("bot", "agent", "system") if message["id"] not in unsure]
    wrong = differing(got, meant)
    record.check(
        got == meant,
        "what was delivered is what the log says, in order, each once",
        log.address,
        [known.get(one, f"{one} (not in the log)") for one in wrong],
        f"{len(got)} delivered, {len(meant)} in the log",
        [at[one] for one in wrong if one in at],
    )


def fenced(record: Record, logs: dict[str, Log], agents: Agents) -> None:
    for hold in agents.holds:
        log = logs[hold.conversation_id]
        wrong = [message for message in log.public("bot") if hold.first < message["seq"] <= hold.last]
        record.check(
            not wrong,
            "no bot speaks while an agent has the conversation",
            hold.address,
            tokens(*wrong),
            f"seq {', '.join(str(message['seq']) for message in wrong)} between {hold.first} and {hold.last}",
            [hold.began, hold.ended],
        )
    for token, conversation_id in agents.said.items():
        count = tokens(*logs[conversation_id].public("agent")).count(token)
        rule = "what an agent said stands in the transcript once"
        record.check(count == 1, rule, logs[conversation_id].address, [token], f"{count} times")


def widget_knows(record: Record, log: Log, widget: Widget) -> None:
    """Its screen shows the log, and a new line never appeared above one that was there."""
    shown = sorted(widget.seen)
    meant = [message["seq"] for message in log.public("customer", "bot", "agent", "system")]
    missing = [str(seq) for seq in sorted(set(shown) ^ set(meant))]
    record.check(shown == meant, "a widget knows all of its conversation", log.address, missing, "by seq")
    moved = [str(seq) for seq, _ in widget.disorders]
    record.check(not moved, "a widget gets messages in order", log.address, moved, "by seq")
    said, meant_to = Counter(tokens(*log.public("customer"))), Counter(widget.tokens)
    record.check(
        said == meant_to,
        "every accepted message stands in the transcript once",
        log.address,
        sorted((said - meant_to) + (meant_to - said)),
        "lost, doubled or alien, of a widget",
    )


def tab_knows(record: Record, logs: dict[str, Log], tab: Tab) -> None:
    for conversation_id in tab.watched:
        log = logs[conversation_id]
        missing = {message["seq"] for message in log.messages} - tab.seen[conversation_id]
        rule = "a desk knows all of the conversations it watches"
        record.check(not missing, rule, log.address, [str(seq) for seq in sorted(missing)], "by seq")


def differing(got: list[str], meant: list[str]) -> list[str]:
    """The first that are not the same, of each."""
    for mine, theirs in zip(got, meant, strict=False):
        if mine != theirs:
            return [mine, theirs]
    return [*got[len(meant) :], *meant[len(got) :]][:10]
