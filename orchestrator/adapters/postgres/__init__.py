"""The database of a cluster: PostgreSQL through asyncpg, one round trip a step. See docs/adr/0009-postgres-store.md.

`store.PostgresStore` is not imported here: a process on SQLite needs no asyncpg.
"""
