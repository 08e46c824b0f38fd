"""The database of a cluster: PostgreSQL through asyncpg, one round trip a step. See docs/adr/0009-postgres-store.md."""

from orchestrator.adapters.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
