"""`python -m tests.support.dying parley …`: killed once it has committed a bot's answer, before it has told anybody."""

import os
import signal
import sys
from collections.abc import Sequence

from orchestrator.cli import main
from orchestrator.engine.live import Herald
from orchestrator.types import Message

tell = Herald.messages


async def die(herald: Herald, messages: Sequence[Message]) -> None:
    if any(message.role == "bot" for message in messages):
        os.kill(os.getpid(), signal.SIGKILL)
    await tell(herald, messages)


if __name__ == "__main__":
    Herald.messages = die  # type: ignore[method-assign]
    sys.argv = sys.argv[1:]
    main()
