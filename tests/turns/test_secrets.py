"""What is secret in a bot's settings stands in no trace, no message and no slot, whatever its server does."""

from pathlib import Path

import pytest

from orchestrator import codec
from tests.support.backends import BACKENDS, SECRET, Backend
from tests.support.cloud import Reply, running_cloud
from tests.support.house import house

ECHOES = (SECRET * 2).encode()


@pytest.mark.parametrize("backend", BACKENDS, ids=[each.kind for each in BACKENDS])
async def test_secrets_stay_in_the_settings(tmp_path: Path, backend: Backend) -> None:
    """The server refuses, and repeats the key it was sent."""
    async with running_cloud() as cloud:
        cloud.replies.extend(Reply(status=status, body=ECHOES) for status in (401, 500, 200, 401, 500, 200))
        bot = {"kind": backend.kind, **backend.settings(cloud.url)}
        async with house(tmp_path, bot="vendor", bots={"vendor": bot}) as parley:
            for text in ("hi", "again", "and again"):
                await parley.hear(text)
                await parley.settled()
            seen = [codec.trace.dump(trace) for trace in await parley.traces()]
            seen += [codec.message.dump(message) for message in await parley.log(public=False)]
            seen.append(codec.conversation.dump(await parley.conversation()))
    assert len(seen) > 3
    assert not any(SECRET.encode() in each for each in seen)
