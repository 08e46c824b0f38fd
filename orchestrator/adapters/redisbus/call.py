"""One command on its way to Redis."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.adapters.redisbus.script import Script

Argument = str | bytes | int | float


@dataclass(frozen=True, slots=True)
class Call:
    """`done` gets its answer or what went wrong, and raises nothing. No command: just its turn."""

    command: tuple[Argument, ...]
    done: Callable[[Any], None]
    script: Script | None = None

    def again(self) -> "Call":
        """With the script's text, for a server that forgot it (restarted, flushed, failed over)."""
        assert self.script is not None
        return Call(("EVAL", self.script.text, *self.command[2:]), self.done)


def evalsha(script: Script, keys: Sequence[str], *arguments: Argument) -> tuple[Argument, ...]:
    return ("EVALSHA", script.sha, len(keys), *keys, *arguments)
