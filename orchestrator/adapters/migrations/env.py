"""Runs the migrations on the connection the caller put into the configuration, or writes them down as a script.

There is no alembic.ini. The caller has begun the transaction: whatever fails, the database stays as it was.
"""

from alembic import context

if context.is_offline_mode():
    # PostgreSQL: asyncpg runs the script, so no second driver is needed for a few statements.
    context.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},
        target_metadata=None,
        literal_binds=True,
        transactional_ddl=False,
        version_table=context.config.attributes["version_table"],
    )
else:
    context.configure(connection=context.config.attributes["connection"], target_metadata=None, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
