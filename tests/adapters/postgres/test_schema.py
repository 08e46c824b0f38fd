"""PostgreSQL's schema: made once however many start, refused when it is not what this code knows."""

import asyncio

import asyncpg
import pytest

from orchestrator.adapters import migrations, revision
from orchestrator.adapters.postgres import schema, shape
from orchestrator.errors import DatabaseTooNew, Unavailable
from tests.support.postgres import asked, opened, running
from tests.support.stores import hear


async def empty() -> str:
    server = await running()
    return server.url(await server.empty())


async def refused(url: str) -> str:
    with pytest.raises(Unavailable) as caught:
        async with opened(url):
            pass
    return str(caught.value)


def test_the_code_knows_its_newest_revision() -> None:
    assert migrations.newest() == revision.HEAD == schema.HEAD


async def test_processes_that_start_together_migrate_once() -> None:
    url = await empty()

    async def start(number: int) -> None:
        async with opened(url) as store:
            await hear(store, address=f"visitor {number}")

    await asyncio.gather(*(start(number) for number in range(4)))
    assert await asked(url, f"SELECT version_num FROM {schema.VERSIONS}") == [(revision.HEAD,)]
    assert await asked(url, "SELECT count(*) FROM conversations") == [(4,)]


async def test_a_newer_schema_is_left_alone() -> None:
    url = await empty()
    async with opened(url) as store:
        head = (await hear(store)).conversation
    await asked(url, f"UPDATE {schema.VERSIONS} SET version_num = '9999'")
    with pytest.raises(DatabaseTooNew, match="'9999'") as caught:
        async with opened(url):
            pass
    assert not caught.value.retryable
    await asked(url, f"UPDATE {schema.VERSIONS} SET version_num = '{revision.HEAD}'")
    async with opened(url) as store:
        assert (await store.load(head.id, history=0)).conversation == head


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (f"DELETE FROM {schema.VERSIONS}", "half migrated: it names no revision"),
        (f"INSERT INTO {schema.VERSIONS} VALUES ('0001')", "half migrated: it names no revision"),
        ("DROP TABLE conversations, messages, outbox CASCADE", "half migrated: it names no revision"),
        (f"DROP TABLE {schema.VERSIONS}", "not of Parley's making"),
        (
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'messages_id'::regclass",
            "half migrated: index 'messages_id' was not finished",
        ),
        ("DROP TABLE traces CASCADE", "half migrated: table 'traces' is missing"),
        (
            "ALTER TABLE messages DROP COLUMN translations",
            "half migrated: table 'messages' is missing, or columns of it",
        ),
        ("DROP FUNCTION parley_due_2", "half migrated: function 'parley_due_2' is missing"),
    ],
)
async def test_a_half_made_schema_is_refused(edit: str, said: str) -> None:
    url = await empty()
    async with opened(url):
        pass
    await asked(url, edit)
    assert said in await refused(url)


async def test_what_a_database_must_have_is_what_a_new_one_has() -> None:
    url = await empty()
    async with opened(url):
        pass
    made = await asked(
        url,
        "SELECT c.relname, count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
        "WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT a.attisdropped "
        f"AND c.relname <> '{schema.VERSIONS}' GROUP BY 1",
    )
    assert dict(made) == shape.TABLES
    functions = await asked(url, "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace")
    assert sorted(name for (name,) in functions) == sorted(shape.functions())


async def test_a_database_of_another_program_is_left_alone() -> None:
    url = await empty()
    await asked(url, "CREATE TABLE messages (id int)")
    assert "not of Parley's making" in await refused(url)
    assert await asked(url, "SELECT count(*) FROM messages") == [(0,)]


async def test_a_missing_function_is_told_as_what_it_is() -> None:
    url = await empty()
    async with opened(url) as store:
        await asked(url, "DROP FUNCTION parley_accept_1")
        with pytest.raises(Unavailable, match="half migrated: a function is missing"):
            await hear(store)


async def test_a_migration_that_fails_leaves_everything_as_it_was() -> None:
    """Somebody else's type stands in the way of the last script."""
    url = await empty()
    await asked(url, "CREATE TYPE parley_outcome_1 AS (a int)")
    said = await refused(url)
    assert "can't be migrated from 'nothing', it stays as it was" in said
    assert await asked(url, "SELECT count(*) FROM pg_class WHERE relname = 'conversations'") == [(0,)]
    await asked(url, "DROP TYPE parley_outcome_1")
    async with opened(url) as store:
        assert (await hear(store)).message


async def test_a_user_who_may_not_make_tables_is_told_so() -> None:
    server = await running()
    name = await server.empty()
    await server.tell(f"CREATE ROLE {name}_guest LOGIN")
    assert "permission denied" in await refused(server.url(name).replace("parley@", f"{name}_guest@"))


async def test_workers_go_on_while_somebody_starts() -> None:
    url = await empty()
    async with opened(url) as old:
        hearing = asyncio.create_task(burst(old))
        for _ in range(3):
            async with opened(url) as new:
                await hear(new, address="new")
        await hearing


async def burst(store: object) -> None:
    for number in range(50):
        await hear(store, address=f"visitor {number % 5}")  # type: ignore[arg-type]


async def test_every_key_of_what_grows_can_be_partitioned() -> None:
    """Each unique index of the tables that grow with conversations holds conversation_id."""
    url = await empty()
    async with opened(url):
        pass
    rows = await asked(
        url,
        "SELECT t.relname, array_agg(a.attname) FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid "
        "JOIN pg_attribute a ON a.attrelid = i.indexrelid WHERE i.indisunique AND t.relname = ANY "
        "('{messages,outbox,traces,handoffs,late_answers}') GROUP BY i.indexrelid, t.relname",
    )
    assert {table for table, _ in rows} == {"messages", "outbox", "traces", "handoffs", "late_answers"}
    assert all("conversation_id" in columns for _, columns in rows)


async def test_ids_sort_by_their_bytes_whatever_the_locale() -> None:
    url = await empty()
    async with opened(url):
        pass
    columns = (
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND table_name NOT IN ('parley_revision', 'deployment') AND data_type = 'text' "
        "AND collation_name IS DISTINCT FROM 'C'"
    )
    assert await asked(url, columns) == []


async def test_what_others_keep_in_the_same_schema_is_left_alone() -> None:
    """A view of pg_stat_statements, such as many install into every database, can't even be altered."""
    url = await empty()
    await asked(url, "CREATE TABLE theirs (word text)")
    await asked(url, "CREATE VIEW their_view AS SELECT word FROM theirs")
    async with opened(url) as store:
        await hear(store)
    kept = "SELECT collation_name FROM information_schema.columns WHERE table_name = 'theirs'"
    assert await asked(url, kept) == [(None,)]


def test_a_driver_error_has_a_code() -> None:
    """What `faults` goes by."""
    assert asyncpg.UndefinedFunctionError.sqlstate == "42883"
