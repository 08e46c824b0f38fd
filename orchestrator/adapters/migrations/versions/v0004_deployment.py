"""The database's own name: what two deployments that meet on one Redis are told apart by."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("deployment", sa.Column("id", sa.Text, nullable=False, primary_key=True))
    op.execute(f"INSERT INTO deployment (id) VALUES ('{secrets.token_hex(16)}')")
