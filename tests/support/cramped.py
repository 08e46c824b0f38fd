"""A process whose files may not grow past 1 MB for a while: what a full disk does to the store.

python -m tests.support.cramped parley.db       prints how many messages it took before, how many after
"""

import asyncio
import resource
import sys
from pathlib import Path

from orchestrator.errors import Unavailable
from tests.support.sqlite import opened
from tests.support.stores import hear

ROOM = 1_000_000
MOST = 10_000


def limit(size: int) -> None:
    """Beyond it write() fails, as on a full disk (Python ignores SIGXFSZ)."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


async def main(path: Path) -> None:
    async with opened(path) as store:
        head = (await hear(store, "x" * 5000)).conversation
        limit(ROOM)
        kept = 1
        while kept < MOST:
            try:
                await hear(store, "x" * 5000)
            except Unavailable as error:
                sys.stderr.write(f"{error}\n")
                break
            kept += 1
        if len(await store.messages(head.id, limit=MOST)) != kept:
            raise AssertionError("what was taken before the disk was full can't be read while it is")
        limit(resource.RLIM_INFINITY)
        for _ in range(10):
            await hear(store, "x" * 5000)
        sys.stdout.write(f"{kept} {(await store.load(head.id, history=0)).conversation.last_seq}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
