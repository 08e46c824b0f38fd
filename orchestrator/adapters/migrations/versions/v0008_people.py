"""Which addresses are one person's: the trail of links, and one-time codes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
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
    op.create_table(
        "identity_changes",
        key("id"),
        text("app_id"),
        text("customer_id"),
        text("former_id"),
        number("at"),
        text("record"),
    )
    op.create_index("identity_changes_customer", "identity_changes", ["app_id", "customer_id"])
    op.create_index("identity_changes_former", "identity_changes", ["app_id", "former_id"])
    op.create_table(
        "link_codes", key("digest"), text("app_id"), text("conversation_id"), text("author"), number("expires_at")
    )
    op.create_index("link_codes_expiry", "link_codes", ["expires_at"])
    op.create_index("identities_customer", "identities", ["customer_id"])
