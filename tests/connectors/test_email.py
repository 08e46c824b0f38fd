"""E-mail from end to end: a provider played over real HTTP, a real mailbox, a real mail server."""

from pathlib import Path

from tests.support.playhouse import playing
from tests.support.story import BOT, told


async def test_the_story_is_told(tmp_path: Path) -> None:
    async with playing(tmp_path, "email", channel={"kind": "email"}, **BOT) as play:
        await told(play)
