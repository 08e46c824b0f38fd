"""What a process has to tell Redis at one moment, in one call: live updates, uses of limits, wake-ups and releases.

One script does it all, in one slot of a cluster: a turn begins with one call of the process that accepts, and ends with
one call of the one that answers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestrator.adapters.redisbus.call import Argument, Call, evalsha
from orchestrator.adapters.redisbus.keys import Keys
from orchestrator.adapters.redisbus.script import TELL

LARGEST = 1_048_576
"""Bytes of live updates in one call; beyond that each goes by itself, right behind it."""

Done = Callable[[Any], None]
"""Gets the answer or what went wrong, and raises nothing."""
Wish = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Use:
    """Of a limit: `per` in microseconds. A pace has a hold besides its bucket."""

    kind: Literal["take", "charge", "pace"]
    keys: tuple[str, ...]
    limit: int
    per: int
    done: Done


@dataclass(slots=True)
class Bundle:
    keys: Keys
    consumer: str = ""
    updates: list[tuple[str, bytes, Done]] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    scheduled: Done = lambda _: None

    def calls(self) -> Iterator[Call]:
        """In the order in which they must go."""
        told, alone = parted(self.updates)
        if not self.uses and not self.wishes and len(told) < 2:
            told, alone = [], self.updates
        if told or self.uses or self.wishes:
            yield self.call(told)
        for channel, data, done in alone:
            yield Call(("SPUBLISH", channel, data), done)

    def call(self, told: Sequence[tuple[str, bytes, Done]]) -> Call:
        keys = [key for use in self.uses for key in use.keys]
        words: list[Argument] = [self.consumer, len(told), len(self.uses)]
        for channel, data, _ in told:
            words += (channel, data)
        for use in self.uses:
            words += (use.kind, use.limit, use.per)
        for wish in self.wishes:
            words += wish

        def done(answer: Any) -> None:
            for _, _, one in told:
                one(answer)
            failed = isinstance(answer, BaseException)
            for number, use in enumerate(self.uses):
                use.done(answer if failed else answer[number])
            self.scheduled(answer)

        return Call(evalsha(TELL, (*self.keys.scheduling, *keys), *words), done, TELL)


Updates = list[tuple[str, bytes, Done]]


def parted(updates: Updates) -> tuple[Updates, Updates]:
    """Those that fit into one call, and those behind them."""
    size = 0
    for number, (_, data, _) in enumerate(updates):
        size += len(data)
        if number and size > LARGEST:
            return updates[:number], updates[number:]
    return updates, []
