"""What channels bring: why a message failed, what became of messages in the log, who listens where."""

from importlib import resources

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCRIPTS = ("commit_2", "outbox_2", "channels_1")
SETTLED = "state IN ('unknown', 'sent', 'delivered', 'read')"


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=True)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def upgrade() -> None:
    # JSON: what few messages have. Null in nearly every row takes no room.
    op.add_column("messages", sa.Column("extra", sa.Text, nullable=True))
    op.add_column("outbox", text("reason"))
    op.drop_index("outbox_settled", "outbox")
    op.create_index(
        "outbox_settled", "outbox", ["due_at"], sqlite_where=sa.text(SETTLED), postgresql_where=sa.text(SETTLED)
    )
    op.create_table(
        "channel_reports",
        key("channel_id"),
        key("side"),
        key("holder"),
        text("app_id"),
        text("trouble"),
        number("until"),
        sqlite_with_rowid=False,
    )
    if op.get_context().dialect.name == "postgresql":
        for name in SCRIPTS:
            op.execute(script(name))


def script(name: str) -> str:
    return (resources.files("orchestrator.adapters.migrations") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
