"""Runs the migrations on the connection the caller put into the configuration; there is no alembic.ini."""

from alembic import context

# The caller has begun the transaction: whatever fails, the database stays as it was.
context.configure(connection=context.config.attributes["connection"], target_metadata=None, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
