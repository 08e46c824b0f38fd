"""What the retention job looks for: deliveries that are done, closed conversations, and what belongs to them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    partial("outbox_settled", "outbox", ["due_at"], "state IN ('sent', 'delivered', 'read')")
    partial("conversations_closed", "conversations", ["updated_at"], "status = 'closed'")
    op.create_index("identities_conversation", "identities", ["conversation_id"])
    op.create_index("debts_conversation", "debts", ["conversation_id"])


def partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
