"""A disk that takes no more, a file that may not be written, a database somebody else holds: new messages are refused
so that platforms send them again, everything that only reads goes on, and it recovers by itself."""

import asyncio
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.support.process import parley, until
from tests.support.shop import Shop, shop

pytestmark = pytest.mark.processes

PASSWORD = "one two three four"
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
# As root every file can be written: without its capabilities root is like everybody else.
LIKE_EVERYBODY = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()


@contextmanager
def full(here: Shop) -> Iterator[None]:
    """From now on no file of the server may grow beyond what the log of the database holds: the system refuses."""
    assert here.served.process is not None
    pid = here.served.process.pid
    size = (here.folder / "parley.db-wal").stat().st_size
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, UNLIMITED)


@contextmanager
def held(here: Shop) -> Iterator[None]:
    """Somebody else's transaction."""
    with closing(sqlite3.connect(here.folder / "parley.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            db.execute("ROLLBACK")


class Reader:
    """An agent who is signed in and a visitor who has a chat: both go on reading."""

    def __init__(self, here: Shop) -> None:
        self.here = here
        self.token = ""

    async def arrive(self) -> None:
        here = self.here
        ran = await parley("desk", "add-agent", "ada@shop.example", "-c", here.config, PARLEY_PASSWORD=PASSWORD)
        assert ran.code == 0, ran.err
        async with here.http.post(
            f"{here.served.url}/desk/api/login",
            json={"email": "ada@shop.example", "password": PASSWORD},
            headers={"Origin": here.served.url},
        ) as answer:
            assert answer.status == 200
        async with here.http.post(f"{here.served.url}/webchat/web/session", json={}) as answer:
            self.token = (await answer.json())["token"]
        assert await self.say("before") == 200
        await here.bot.asked(1)

    async def say(self, text: str) -> int:
        frame = {"type": "send", "client_id": text.replace(" ", "-"), "text": text}
        url = f"{self.here.served.url}/webchat/web/messages"
        async with self.here.http.post(url, json=frame, headers=self.bearer) as answer:
            if answer.status == 503:
                assert int(answer.headers["Retry-After"]) > 0
                assert (await answer.json())["frames"][0]["type"] == "error"
            return answer.status

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def reads(self) -> None:
        here = self.here
        chat = await here.get("/webchat/web/events?after=0", **self.bearer)
        assert chat.status == 200
        assert "before" in await chat.text()
        assert (await here.get("/desk/api/me")).status == 200
        listed = await here.get("/desk/api/conversations")
        assert listed.status == 200
        assert (await listed.json())["items"]
        assert (await here.get("/healthz")).status == 200
        assert (await here.get("/metrics")).status == 200
        assert (await here.get("/widget.js")).status == 200


async def becomes(here: Shop, status: int) -> aiohttp.ClientResponse:
    """What /readyz says once it answers so: its answers are good for a second."""
    async with asyncio.timeout(30):
        while True:
            ready = await here.get("/readyz")
            if ready.status == status:
                return ready
            await asyncio.sleep(0.1)


async def refused(here: Shop, because: str, unready: str = "") -> None:
    answer = await here.hear("in between")
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    body = await answer.json()
    assert body["error"]["code"] == "unavailable"
    assert because in body["error"]["message"]
    ready = await becomes(here, 503)
    assert (unready or because) in (await ready.json())["checks"]["store"]


async def recovered(here: Shop, text: str) -> None:
    """By itself, with nothing lost: what is sent again is answered once."""
    await becomes(here, 200)
    taken = len(here.platform.taken)
    assert (await here.hear(text)).status == 200
    await here.platform.until(taken=taken + 1)
    assert here.platform.texts.count(f"re: {text}") == 1


async def test_a_full_disk(tmp_path: Path) -> None:
    async with shop(tmp_path) as here:
        reader = Reader(here)
        await reader.arrive()
        assert (await here.hear("first")).status == 200
        await here.platform.until(taken=1)
        with full(here):
            await refused(here, "disk")
            assert await reader.say("lost for now") == 503
            await reader.reads()
        await recovered(here, "in between")
        assert await reader.say("lost for now") == 200
        assert here.platform.texts == ["re: first", "re: in between"]
        assert await here.served.stop() == 0


async def test_a_turn_that_can_not_be_kept_is_done_when_it_can(tmp_path: Path) -> None:
    """The bot has answered and the answer can't be written: nothing is sent until it can."""
    async with shop(tmp_path, engine={"sweep_seconds": 0.2}) as here:
        here.bot.hold.clear()
        assert (await here.hear("hello")).status == 200
        await here.bot.asked(1)
        with full(here):
            here.bot.hold.set()
            await until(lambda: "turn postponed" in here.served.tail())
            assert here.platform.texts == []
        await here.platform.until(taken=1)
        assert here.platform.texts == ["re: hello"]
        assert await here.served.stop() == 0


async def test_a_database_that_somebody_else_holds(tmp_path: Path) -> None:
    async with shop(tmp_path) as here:
        reader = Reader(here)
        await reader.arrive()
        with held(here):
            await refused(here, "locked", "no answer")
            await reader.reads()
        await recovered(here, "in between")


async def test_a_database_that_may_only_be_read(tmp_path: Path) -> None:
    """From the start, as after a restore with wrong rights; and put right while it runs."""
    async with shop(tmp_path) as here:
        reader = Reader(here)
        await reader.arrive()
        assert (await here.hear("first")).status == 200
        await here.platform.until(taken=1)
        assert await here.served.stop() == 0
        database = here.folder / "parley.db"
        database.chmod(0o400)
        here.served.prefix = LIKE_EVERYBODY
        await here.served.start("/healthz")
        await refused(here, "read-only")
        assert await reader.say("lost for now") == 503
        await reader.reads()
        database.chmod(0o600)
        await recovered(here, "in between")
        assert await here.served.stop() == 0


async def test_uploads_that_can_not_be_kept_are_refused(tmp_path: Path) -> None:
    async with shop(tmp_path) as here:
        reader = Reader(here)
        await reader.arrive()
        with full(here):
            async with here.http.post(
                f"{here.served.url}/webchat/web/upload?name=a.txt",
                data=b"x" * 1_000_000,
                headers={**reader.bearer, "Content-Type": "text/plain"},
            ) as answer:
                assert answer.status == 503, await answer.text()
                assert int(answer.headers["Retry-After"]) > 0
