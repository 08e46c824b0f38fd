"""Registered bots: what they are, their versions, how they do."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Compared byte by byte, whatever the locale of the database."""


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False, server_default="")


def key(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False, primary_key=True)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def upgrade() -> None:
    op.create_table("bots", key("app_id"), key("name"), number("revision"), text("entry"), sqlite_with_rowid=False)
    op.create_table(
        "bot_versions",
        key("app_id"),
        key("name"),
        sa.Column("version", sa.BigInteger, nullable=False, primary_key=True),
        text("record"),
        text("sealed"),
        text("grade"),
    )
    op.create_table(
        "bot_counts",
        key("app_id"),
        key("bot"),
        sa.Column("version", sa.BigInteger, nullable=False, primary_key=True),
        key("arm"),
        sa.Column("hour", sa.BigInteger, nullable=False, primary_key=True),
        key("what"),
        number("count"),
        sa.Column("total", sa.Double, nullable=False, server_default="0"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "bot_notes",
        key("id"),
        text("app_id"),
        text("bot"),
        number("version"),
        text("kind"),
        text("conversation_id"),
        text("turn_id"),
        number("at"),
        text("outcome"),
        sa.Column("ms", sa.Double, nullable=False, server_default="0"),
        text("detail"),
        number("same"),
        text("actions"),
    )
    op.create_index("bot_notes_recent", "bot_notes", ["app_id", "bot", "kind", "at"])
    op.create_index("bot_notes_turn", "bot_notes", ["app_id", "turn_id"])
