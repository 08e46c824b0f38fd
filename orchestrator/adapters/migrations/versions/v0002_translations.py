"""What translating keeps: messages to catch up on, reviewed translations, the use of engines."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=True)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def upgrade() -> None:
    op.create_table(
        "debts",
        key("message_id"),
        key("target"),
        text("source"),
        text("app_id"),
        text("conversation_id"),
        number("at"),
        sqlite_with_rowid=False,
    )
    op.create_index("debts_age", "debts", ["app_id", "at"])
    op.create_table(
        "reviewed",
        key("id"),
        text("app_id"),
        text("source"),
        text("target"),
        text("text"),
        text("translation"),
        text("author"),
        text("state"),
        text("decided_by"),
        number("created_at"),
        number("updated_at"),
    )
    op.create_index("reviewed_recent", "reviewed", ["app_id", "updated_at"])
    op.create_index("reviewed_state", "reviewed", ["app_id", "state", "updated_at"])
    op.create_table(
        "usage",
        key("app_id"),
        key("engine"),
        key("day"),
        number("requests"),
        number("characters"),
        sqlite_with_rowid=False,
    )
