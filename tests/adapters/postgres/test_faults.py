"""What goes wrong with PostgreSQL: what callers hear, that nobody hears a secret, and that it mends itself."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.adapters.postgres.store import PostgresStore
from orchestrator.errors import Conflict, Misconfigured, TooLarge, Unavailable
from tests.support.builders import commit
from tests.support.clock import ManualClock
from tests.support.postgres import PASSWORD, Server, asked, new_server, opened, running, url_for
from tests.support.process import free_port
from tests.support.stores import hear

CLOCK = ManualClock()


@pytest.fixture
async def url(tmp_path: Path) -> str:
    return await url_for(tmp_path)


@pytest.fixture
async def store(url: str) -> AsyncIterator[PostgresStore]:
    async with opened(url) as made:
        yield made


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One that tests may kill. With synchronous_commit: what it acknowledged is there after a crash."""
    made = new_server("fsync=off", "synchronous_commit=on")
    yield made
    made.stop(signal.SIGQUIT)


# Starting


async def refused(url: str, patience: float = 0.0) -> str:
    store = PostgresStore(url, CLOCK, patience=patience)
    with pytest.raises(Unavailable) as caught:
        await store.open()
    assert PASSWORD not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


async def test_a_wrong_password_is_told_at_once_and_never_shown() -> None:
    server = await running()
    said = await refused(server.url("postgres", tcp=True, password="hunter2"), patience=60)
    assert "postgres on 127.0.0.1" in said
    assert "wrong user or password" in said


async def test_a_missing_database_is_told_at_once() -> None:
    server = await running()
    assert "there is no such database" in await refused(server.url("nowhere", tcp=True), patience=60)


async def test_a_password_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = (await url_for(tmp_path, tcp=True)).replace(f":{PASSWORD.replace(' ', '%20')}@", "@")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    async with opened(url) as store:
        await store.probe()


async def test_a_server_that_is_not_there_is_waited_for_then_given_up() -> None:
    said = await refused(f"postgresql://parley:hunter2@127.0.0.1:{free_port()}/parley", patience=0.3)
    assert "not reached in 0.3 seconds" in said


async def test_a_server_that_comes_while_we_wait_is_used(tmp_path: Path) -> None:
    """It listens and says nothing for a while; then the real one answers behind it."""
    target = await running()
    database = await target.database(tmp_path)
    port = free_port()
    store = PostgresStore(f"postgresql://parley@127.0.0.1:{port}/{database}?sslmode=disable", CLOCK, patience=20)
    opening = asyncio.create_task(store.open())
    await asyncio.sleep(0)
    async with relay(port, target):
        await opening
        assert (await hear(store)).message
        await store.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgresql://parley:hunter2@db",
        "postgresql://parley:hunter2@db/",
        "mysql://parley:hunter2@db/parley",
        "postgresql://parley:hunter2@[db/parley",
        "postgresql://parley:hunter2/parley",
        "postgresql://parley:hunter2@db:port/parley",
        "postgresql://parley:/hunter2@db/parley",
        "postgresql://parley:1/hunter2@db:5432/parley",
        "postgresql://parley:hunter2?@db/parley",
        "postgresql://parley:hunter2#@db/parley",
    ],
)
def test_what_is_no_address_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(Misconfigured, match="should be like.*%2F") as caught:
        PostgresStore(url, CLOCK)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://parley:p%2Fw@[::1]:5433/parley", "parley on [::1]:5433"),
        ("postgresql://parley@db1:5432,db2/parley?target_session_attrs=read-write", "parley on db1:5432,db2"),
        ("postgresql://parley@/parley?host=/run/postgresql&port=5433", "parley on /run/postgresql"),
        ("postgres://parley:p@w@%2Frun%2Fpostgresql/parley", "parley on /run/postgresql"),
        ("postgresql://db?database=parley", "parley on db"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, place: str) -> None:
    assert PostgresStore(url, CLOCK).place == place


async def test_an_option_the_server_does_not_know_is_told_at_once(tmp_path: Path) -> None:
    target = await running()
    said = await refused(f"{target.url(await target.database(tmp_path))}&sslmod=off")
    assert "url asks for" in said
    assert '"sslmod"' in said


async def test_an_address_the_driver_cannot_read_is_refused_without_showing_it() -> None:
    assert "url can't be read" in await refused("postgresql://parley:hunter2@db/parley?sslmode=sometimes")


async def test_a_server_that_is_too_old_is_refused(tmp_path: Path) -> None:
    target, port = await running(), free_port()
    database = await target.database(tmp_path)
    async with relay(port, target, ("server_version\x0015.", "server_version\x0014.")):
        said = await refused(f"postgresql://parley@127.0.0.1:{port}/{database}?sslmode=disable")
    assert "PostgreSQL 14." in said
    assert "needs 15 or newer" in said


# Losing it


async def test_a_lost_connection_is_unavailable_once_and_mends_itself(store: PostgresStore, url: str) -> None:
    head = (await hear(store)).conversation
    await asked(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND datname = current_database()")  # fmt: skip
    results = [await attempt(store) for _ in range(10)]
    assert results[-1]
    assert len(await store.messages(head.id)) >= 1 + sum(results)


async def test_a_session_the_server_has_ended_is_not_used_again_though_its_socket_is_open(tmp_path: Path) -> None:
    """The last words arrive, the end of the stream not yet: asyncpg still takes the connection for a good one."""
    target, port = await running(), free_port()
    database = await target.database(tmp_path)
    async with (
        relay(port, target) as between,
        opened(f"postgresql://parley@127.0.0.1:{port}/{database}?sslmode=disable") as store,
    ):
        await hear(store)
        between.say_to_all_and_fall_silent(last_words())
        for _ in range(20):
            await asyncio.sleep(0)  # they are read now
        results = [await attempt(store) for _ in range(10)]
        assert results[-1]
        assert len(await store.messages((await hear(store)).conversation.id)) >= 1 + sum(results)


def last_words() -> bytes:
    """ErrorResponse of the wire protocol, as of pg_terminate_backend."""
    fields = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
    return b"E" + (4 + len(fields)).to_bytes(4, "big") + fields


async def attempt(store: PostgresStore) -> bool:
    try:
        await hear(store)
    except Unavailable:
        return False
    return True


async def test_a_crash_in_the_middle_of_work_costs_nothing_that_was_acknowledged(server: Server) -> None:
    await server.ready()
    url = server.url(await server.empty())
    async with opened(url) as store:
        told = [await hear(store, external_id=f"before {number}") for number in range(10)]
        hearing = [asyncio.create_task(hear(store, external_id=f"during {number}")) for number in range(200)]
        await asyncio.wait(hearing, return_when=asyncio.FIRST_COMPLETED)
        server.stop(signal.SIGQUIT)
        results = await asyncio.gather(*hearing, return_exceptions=True)
        with pytest.raises(Unavailable, match="can't be reached"):
            await store.probe()
        server.start()
        await server.ready()
        while not await attempt(store):
            pass
        acknowledged = [*told, *(one for one in results if not isinstance(one, BaseException))]
        assert all(isinstance(one, Unavailable) for one in results if isinstance(one, BaseException))
        for number in range(200):
            await hear(store, external_id=f"during {number}")
        log = await store.messages(told[0].conversation.id, limit=1000)
        assert [said.seq for said in log] == list(range(1, len(log) + 1))
        assert len(log) == 10 + 200 + 1
        ids = {said.id for said in log}
        assert all(one.message and one.message.id in ids for one in acknowledged)


async def test_a_server_that_stops_answers_like_one_that_is_gone(server: Server) -> None:
    await server.ready()
    url = server.url(await server.empty())
    async with opened(url) as store:
        head = (await hear(store)).conversation
        server.stop(signal.SIGINT)
        for call in (
            hear(store),
            store.load(head.id, history=1),
            store.conversations("shop"),
            store.commit(commit(head)),
        ):
            with pytest.raises(Unavailable):
                await call
        server.start()
        await server.ready()
        assert (await store.load(head.id, history=1)).conversation == head


async def test_a_read_only_database_refuses_writes_serves_reads_and_recovers(url: str) -> None:
    async with opened(url) as store:
        head = (await hear(store)).conversation
        await read_only(url, store, "on")
        writes = asyncio.gather(
            hear(store, "lost?"), store.commit(commit(head)), store.mark(head.id, replace(head.marks, desk_read=1)),
            store.probe(), return_exceptions=True,
        )  # fmt: skip
        for error in await writes:
            assert isinstance(error, Unavailable)
            assert "read-only" in str(error)
        assert len(await store.messages(head.id)) == 1
        await read_only(url, store, "off")
        with suppress(Unavailable):  # a session that began while it was read-only stays so: they are made anew
            await store.probe()
        assert (await hear(store, "not lost")).message


async def read_only(url: str, store: PostgresStore, switch: str) -> None:
    """As a standby is, or a primary somebody has fenced off; it is so for new sessions."""
    await (await running()).tell(f"ALTER DATABASE {named(url)} SET default_transaction_read_only = {switch}")
    if switch == "on":
        for db in store.pool.idle:
            await db.close()


def named(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


async def test_too_many_connections_are_told_in_plain_words(url: str, store: PostgresStore) -> None:
    name = named(url)
    await asked(url, f"CREATE ROLE guest_{name} LOGIN CONNECTION LIMIT 1")
    guest = url.replace("parley@", f"guest_{name}@")
    await asked(url, f"GRANT ALL ON ALL TABLES IN SCHEMA public TO guest_{name}")
    async with opened(guest) as small:
        results = await asyncio.gather(*(small.conversations("shop") for _ in range(8)), return_exceptions=True)
    refusals = [str(one) for one in results if isinstance(one, Unavailable)]
    assert refusals
    assert all("takes no more connections" in said for said in refusals)
    assert len([one for one in results if one == []]) + len(refusals) == 8


# Callers apart


async def test_nothing_is_served_before_opening_or_after_closing(url: str) -> None:
    store = PostgresStore(url, CLOCK)
    with pytest.raises(Unavailable, match="not open"):
        await hear(store)
    await store.open()
    await store.close()
    await store.close()
    for call in (hear(store), store.load("x", history=0), store.conversation("shop", "x")):
        with pytest.raises(Unavailable, match="closed"):
            await call


async def test_queued_work_is_finished_before_closing(url: str) -> None:
    store = PostgresStore(url, CLOCK)
    await store.open()
    hearing = [asyncio.ensure_future(hear(store, address=f"visitor {number}")) for number in range(500)]
    await asyncio.wait(hearing, return_when=asyncio.FIRST_COMPLETED)
    await store.close()
    assert len(await asyncio.gather(*hearing)) == 500


async def test_a_caller_that_gives_up_hurts_nobody(store: PostgresStore) -> None:
    impatient = asyncio.ensure_future(hear(store, external_id="event"))
    patient = asyncio.ensure_future(hear(store, address="other"))
    asyncio.get_running_loop().call_soon(impatient.cancel)
    await asyncio.wait([impatient, patient])
    assert impatient.cancelled()
    assert patient.result().message
    assert (await hear(store, external_id="event")).conversation.last_seq == 1


async def test_errors_are_told_without_what_customers_wrote(store: PostgresStore) -> None:
    said = (await hear(store, "secret words")).message
    assert said
    head = (await store.load(said.conversation_id, history=0)).conversation
    again = replace(said, external_id="", role="bot")
    with pytest.raises(Conflict) as caught:
        await store.commit(commit(head, again))
    assert "secret" not in str(caught.value)


async def test_an_id_no_index_can_hold_is_too_large_and_harms_nobody(store: PostgresStore) -> None:
    noise = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(5000))
    results = await asyncio.gather(
        hear(store, "one"), hear(store, "two", external_id=noise, address="eve"), hear(store, "three"),
        return_exceptions=True,
    )  # fmt: skip
    assert isinstance(results[1], TooLarge)
    assert await store.find_conversation("web", "eve") is None
    assert not isinstance(results[2], BaseException)


async def test_a_row_somebody_holds_locked_holds_up_its_own_conversation_only_for_a_while(
    store: PostgresStore, url: str
) -> None:
    """Calls travel together, so the lock is felt by all; they go on when it is gone."""
    server = await running()
    head = (await hear(store)).conversation
    db = await server.connect(named(url))
    async with db.transaction():
        await db.execute("SELECT FROM conversations WHERE id = $1 FOR UPDATE", head.id)
        waiting = asyncio.ensure_future(hear(store))
        assert (await store.load(head.id, history=0)).conversation == head
        assert not waiting.done()
    assert (await waiting).conversation.last_seq == 2
    await db.close()


def relay(port: int, target: Server, change: tuple[str, str] = ("", "")) -> "Relay":
    return Relay(port, target, (change[0].encode(), change[1].encode()))


class Relay:
    """A port that leads to the server's socket; what it says may be changed on the way."""

    def __init__(self, port: int, target: Server, change: tuple[bytes, bytes]) -> None:
        self.port = port
        self.path = str(target.folder / f".s.PGSQL.{target.port}")
        self.change = change
        self.tasks: set[asyncio.Task[None]] = set()
        self.sinks: set[asyncio.StreamWriter] = set()
        self.silent: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "Relay":
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port, family=socket.AF_INET)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        replies, questions = await asyncio.open_unix_connection(self.path)
        self.sinks.add(answers)
        for source, sink, change in ((client, questions, (b"", b"")), (replies, answers, self.change)):
            task = asyncio.create_task(self.pump(source, sink, change))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, change: tuple[bytes, bytes]) -> None:
        try:
            while data := await source.read(65536):
                if sink not in self.silent:
                    sink.write(data.replace(*change) if change[0] else data)
                    await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()

    def say_to_all_and_fall_silent(self, words: bytes) -> None:
        """To those that are connected now; who comes later finds the server as it was."""
        for answers in self.sinks:
            answers.write(words)
        self.silent |= self.sinks
