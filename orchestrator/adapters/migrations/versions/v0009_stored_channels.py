"""Channels that were added while the server runs."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Compared byte by byte, whatever the locale of the database."""


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False, server_default="")


def upgrade() -> None:
    op.create_table(
        "stored_channels",
        sa.Column("id", TEXT, nullable=False, primary_key=True),
        text("app_id"),
        sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"),
        text("record"),
        text("sealed"),
        sqlite_with_rowid=False,
    )
