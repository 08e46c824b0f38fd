"""What is on its way when a person takes over."""

from importlib import resources

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 1 while a row that was being sent then waits for what came of it.
    op.add_column("outbox", sa.Column("withdrawn", sa.BigInteger, nullable=False, server_default="0"))
    if op.get_context().dialect.name == "postgresql":
        op.execute(script("outbox_3"))


def script(name: str) -> str:
    return (resources.files("orchestrator.adapters.migrations") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
