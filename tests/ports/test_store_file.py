"""The SQLite file: its address, its migrations, and files that are no such thing."""

import asyncio
import sys
from pathlib import Path

import pytest

from orchestrator.adapters import migrations
from orchestrator.adapters.sqlite import SqliteStore, path_of, schema
from orchestrator.errors import DatabaseTooNew, Misconfigured, Unavailable
from tests.support.sqlite import CLOCK, content, editing, mode, opened, write
from tests.support.stores import hear


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "parley.db"


# The address

URLS = [
    ("sqlite:///var/parley.db", "/etc/parley/var/parley.db"),
    ("sqlite:////data/parley.db", "/data/parley.db"),
    ("sqlite:///a b%20c/ñ.db", "/etc/parley/a b%20c/ñ.db"),
]


@pytest.mark.parametrize(("url", "expected"), URLS)
def test_a_url_names_a_file(url: str, expected: str) -> None:
    assert path_of(url, Path("/etc/parley")) == Path(expected)


@pytest.mark.parametrize(
    "url", ["", "sqlite://", "sqlite:///", "sqlite:///:memory:", "postgresql://x/y", "var/parley.db"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="sqlite:///"):
        path_of(url)


# Migrations


async def test_a_fresh_file_is_made_with_its_folder_and_for_its_owner_only(path: Path) -> None:
    async with opened(path):
        pass
    assert mode(path) == 0o600
    with editing(path) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.HEAD,)]


def test_the_code_knows_its_newest_revision() -> None:
    assert migrations.newest() == schema.HEAD


async def test_opening_again_keeps_everything(path: Path) -> None:
    async with opened(path) as store:
        head = (await hear(store)).conversation
    async with opened(path) as store:
        assert (await store.load(head.id, history=0)).conversation == head


async def test_opening_again_does_not_load_alembic(path: Path) -> None:
    """It costs most of a second of every start."""
    async with opened(path):
        pass
    code = (
        "import asyncio, sys, pathlib\n"
        "from orchestrator.adapters.clock import SystemClock\n"
        "from orchestrator.adapters.sqlite import SqliteStore\n"
        "async def main():\n"
        "    store = SqliteStore(pathlib.Path(sys.argv[1]), SystemClock())\n"
        "    await store.open()\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
        "sys.exit(any(name.split('.')[0] in ('alembic', 'sqlalchemy') for name in sys.modules))\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(path))
    assert await process.wait() == 0


async def test_two_that_open_a_fresh_file_at_once_both_can(path: Path) -> None:
    stores = [SqliteStore(path, CLOCK) for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    head = (await hear(stores[0])).conversation
    assert (await stores[3].load(head.id, history=0)).conversation == head
    for store in stores:
        await store.close()


async def test_a_newer_file_is_refused_and_left_alone(path: Path) -> None:
    async with opened(path):
        pass
    with editing(path) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    before = content(path)
    with pytest.raises(DatabaseTooNew, match=r"revision '9999'.*newer Parley") as caught:
        await SqliteStore(path, CLOCK).open()
    assert not caught.value.retryable
    assert str(path) in str(caught.value)
    assert content(path) == before


async def test_a_file_that_names_no_revision_is_refused(path: Path) -> None:
    async with opened(path):
        pass
    with editing(path) as db:
        db.execute("DELETE FROM alembic_version")
    with pytest.raises(Unavailable, match="half made"):
        await SqliteStore(path, CLOCK).open()


async def test_a_migration_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    """A view holds the name of the last table but two: everything before it is undone."""
    with editing(path) as db:
        db.execute("CREATE VIEW sessions AS SELECT 1 AS one")
    with pytest.raises(Unavailable, match="stays as it was"):
        await SqliteStore(path, CLOCK).open()
    with editing(path) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("sessions",)]
        db.execute("DROP VIEW sessions")
    async with opened(path) as store:
        await hear(store)


async def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    with editing(path) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
    before = content(path)
    with pytest.raises(Unavailable, match="another program"):
        await SqliteStore(path, CLOCK).open()
    assert content(path) == before


@pytest.mark.parametrize("garbage", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
async def test_garbage_is_refused_and_left_alone(path: Path, garbage: bytes) -> None:
    write(path, garbage)
    with pytest.raises(Unavailable, match="not an SQLite database"):
        await SqliteStore(path, CLOCK).open()
    assert content(path) == garbage


async def test_an_empty_file_is_a_fresh_one(path: Path) -> None:
    write(path, b"")
    async with opened(path) as store:
        await hear(store)


async def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for wrong in (tmp_path, tmp_path / "file" / "parley.db"):
        with pytest.raises(Unavailable, match=str(tmp_path)):
            await SqliteStore(wrong, CLOCK).open()
