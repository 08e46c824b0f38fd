"""What a platform says of a message before it answers, or without ever answering, is kept (PostgreSQL)."""

from importlib import resources

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(script("outbox_4"))


def script(name: str) -> str:
    return (resources.files("orchestrator.adapters.migrations") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
