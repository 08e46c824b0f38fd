"""What a database of this version has at least. A test compares it with one that was just made."""

from orchestrator.adapters.postgres.pool import Connection

TABLES = {
    "agents": 13,
    "api_keys": 8,
    "bot_counts": 8,
    "bot_notes": 13,
    "bot_versions": 6,
    "bots": 4,
    "channel_leases": 4,
    "channel_reports": 6,
    "conversations": 21,
    "customers": 6,
    "debts": 6,
    "deployment": 1,
    "externals": 4,
    "handoffs": 15,
    "identities": 5,
    "identity_changes": 6,
    "late_answers": 4,
    "link_codes": 5,
    "messages": 18,
    "orphan_statuses": 5,
    "outbox": 19,
    "pieces": 6,
    "reviewed": 11,
    "sessions": 5,
    "stored_channels": 5,
    "sweeps": 2,
    "traces": 6,
    "usage": 5,
}
"""How many columns each has."""
FUNCTIONS = """
    accept_1 alone_1 commit_1 commit_2 context_1 due_1 due_2 early_1 late_1 later_1 later_2 learn_1 lease_1 mark_1
    merged_1 move_1 post_1 post_2 progress_1 progress_2 refuse_1 seen_1 settle_1 settle_2 settle_3 size_1
    status_1 status_2 status_3 tracked_1 unfinished_1 withdraw_1
"""
"""All of them are `parley_…`."""

LACKING = """
SELECT 'table ' || quote_literal(t.name) || ' is missing, or columns of it'
FROM unnest($1::text[], $2::int[]) AS t (name, size) WHERE t.size > (
    SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relname = t.name AND c.relnamespace = current_schema()::regnamespace
    AND a.attnum > 0 AND NOT a.attisdropped)
UNION ALL
SELECT 'function ' || quote_literal(f.name) || ' is missing' FROM unnest($3::text[]) AS f (name)
WHERE NOT EXISTS (
    SELECT FROM pg_proc p WHERE p.proname = f.name AND p.pronamespace = current_schema()::regnamespace)
UNION ALL
SELECT 'index ' || quote_literal(c.relname) || ' was not finished (drop it, or wait until it is)'
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace
LIMIT 1
"""


def functions() -> list[str]:
    return [f"parley_{name}" for name in FUNCTIONS.split()]


async def lacking(db: Connection) -> str:
    """What a half migrated database lacks, or one that was restored in part; "" when it lacks nothing."""
    return str(await db.fetchval(LACKING, list(TABLES), list(TABLES.values()), functions()) or "")
