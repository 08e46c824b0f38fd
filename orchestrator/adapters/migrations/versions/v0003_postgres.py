"""What PostgreSQL does otherwise: its keys, and the functions that do the work of a turn in one round trip.

A function is never changed while workers of the release before may call it: what calls it otherwise gets a new name
(`parley_accept_2`), and the old one goes a release later. See docs/adr/0009-postgres-store.md.
"""

from importlib import resources

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCRIPTS = ("layout_1", "learn_1", "accept_1", "commit_1", "outbox_1", "beside_1")


def upgrade() -> None:
    op.create_index("late_answers_age", "late_answers", ["at"])
    if op.get_context().dialect.name == "postgresql":
        for name in SCRIPTS:
            op.execute(script(name))


def script(name: str) -> str:
    return (resources.files("orchestrator.adapters.migrations") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
