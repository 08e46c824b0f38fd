"""Every id the platform gave for a message that went out in pieces: what comes back may name any of them."""

from importlib import resources

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def key(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False, primary_key=True)


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def upgrade() -> None:
    op.create_table(
        "pieces",
        key("channel_id"),
        key("external_id"),
        text("outgoing_id"),
        text("conversation_id"),
        text("message_id"),
        sa.Column("nth", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("pieces_outgoing", "pieces", ["outgoing_id"])
    op.create_index("pieces_conversation", "pieces", ["conversation_id"])
    if op.get_context().dialect.name == "postgresql":
        op.execute(script("pieces_1"))


def script(name: str) -> str:
    return (resources.files("orchestrator.adapters.migrations") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
