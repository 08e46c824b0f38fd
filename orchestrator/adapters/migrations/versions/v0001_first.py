"""The first schema: conversations and their log, outbox, handoffs, traces, accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def text(name: str, default: str | None = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def moment(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def maybe(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=True)


def key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=True)


def index(name: str, table: str, columns: list[str], *, unique: bool = False, where: str | None = None) -> None:
    clause = sa.text(where) if where else None
    op.create_index(name, table, columns, unique=unique, sqlite_where=clause, postgresql_where=clause)


def upgrade() -> None:
    customers()
    conversations()
    messages()
    outbox()
    handoffs()
    records()
    accounts()


def customers() -> None:
    op.create_table(
        "customers",
        key("id"),
        text("app_id"),
        text("profile", "{}"),
        text("verified", "[]"),
        moment("created_at"),
        moment("updated_at"),
    )
    index("customers_recent", "customers", ["app_id", "updated_at"])
    op.create_table(
        "identities",
        key("channel_id"),
        key("address"),
        text("app_id"),
        text("customer_id"),
        text("conversation_id"),
        sqlite_with_rowid=False,
    )


def conversations() -> None:
    op.create_table(
        "conversations",
        key("id"),
        text("app_id"),
        text("customer_id"),
        number("version"),
        number("last_seq"),
        number("processed_seq"),
        number("customer_seq"),
        text("status", "open"),
        text("controller_kind"),
        text("controller_name"),
        text("team"),
        number("customer_delivered"),
        number("customer_read"),
        number("desk_read"),
        moment("wake_at", nullable=True),
        moment("created_at"),
        moment("updated_at"),
        text("context", "{}"),
        text("head", None),
    )
    index("conversations_recent", "conversations", ["app_id", "updated_at"])
    index("conversations_customer", "conversations", ["customer_id"])
    index("conversations_open", "conversations", ["app_id"], where="status = 'open'")
    index(
        "conversations_desk",
        "conversations",
        ["app_id", "controller_name", "updated_at"],
        where="controller_kind = 'desk'",
    )
    index("conversations_waiting", "conversations", ["id"], where="processed_seq < customer_seq")
    index("conversations_wake", "conversations", ["wake_at"], where="wake_at IS NOT NULL")


def messages() -> None:
    op.create_table(
        "messages",
        key("id"),
        text("app_id"),
        text("conversation_id"),
        text("channel_id"),
        number("seq"),
        text("role"),
        text("author"),
        moment("at"),
        maybe("language"),
        text("visibility", "public"),
        number("epoch"),
        text("turn_id"),
        text("external_id"),
        number("withdrawn"),
        text("parts", None),
        maybe("translations"),
        maybe("understanding"),
    )
    index("messages_seq", "messages", ["conversation_id", "seq"], unique=True)
    index("messages_external", "messages", ["channel_id", "external_id"], unique=True, where="external_id <> ''")


def outbox() -> None:
    op.create_table(
        "outbox",
        key("id"),
        text("app_id"),
        text("conversation_id"),
        text("channel_id"),
        text("address"),
        text("message_id"),
        number("seq"),
        number("epoch"),
        moment("due_at"),
        number("attempts"),
        text("renderings", "[]"),
        number("done"),
        text("state", "pending"),
        text("external_id"),
        text("error"),
    )
    index("outbox_line", "outbox", ["conversation_id", "state", "seq"])
    index("outbox_due", "outbox", ["due_at"], where="state = 'pending'")
    index("outbox_failed", "outbox", ["app_id"], where="state = 'failed'")
    index("outbox_external", "outbox", ["channel_id", "external_id"], where="external_id <> ''")
    op.create_table(
        "orphan_statuses",
        key("channel_id"),
        key("external_id"),
        text("state"),
        text("error"),
        moment("at"),
        sqlite_with_rowid=False,
    )
    index("orphan_statuses_age", "orphan_statuses", ["at"])


def handoffs() -> None:
    op.create_table(
        "handoffs",
        key("id"),
        text("app_id"),
        text("conversation_id"),
        text("state"),
        text("team"),
        text("priority"),
        text("reason"),
        text("language"),
        text("agent_id"),
        text("note"),
        moment("offered_at"),
        moment("accepted_at", nullable=True),
        moment("ended_at", nullable=True),
        moment("expires_at", nullable=True),
        text("packet", None),
    )
    index("handoffs_recent", "handoffs", ["app_id", "offered_at"])
    index("handoffs_conversation", "handoffs", ["conversation_id", "offered_at"])
    index("handoffs_waiting", "handoffs", ["app_id", "team"], where="state = 'offered'")
    index("handoffs_state", "handoffs", ["app_id", "state", "offered_at"])


def records() -> None:
    op.create_table(
        "traces",
        key("id"),
        text("app_id"),
        text("conversation_id"),
        text("turn_id"),
        moment("at"),
        text("body", None),
    )
    index("traces_conversation", "traces", ["conversation_id", "at"])
    op.create_table(
        "late_answers",
        key("conversation_id"),
        key("turn_id"),
        text("actions", None),
        moment("at"),
        sqlite_with_rowid=False,
    )


def accounts() -> None:
    op.create_table(
        "agents",
        key("id"),
        text("app_id"),
        text("email"),
        text("email_key"),
        text("name"),
        text("password_hash"),
        text("role", "agent"),
        text("teams", "[]"),
        text("languages", "[]"),
        number("disabled"),
        number("failures"),
        moment("locked_until", nullable=True),
        moment("created_at"),
    )
    index("agents_email", "agents", ["app_id", "email_key"], unique=True)
    op.create_table(
        "sessions",
        key("digest"),
        text("app_id"),
        text("agent_id"),
        text("csrf"),
        moment("expires_at"),
        sqlite_with_rowid=False,
    )
    index("sessions_age", "sessions", ["expires_at"])
    index("sessions_agent", "sessions", ["app_id", "agent_id"])
    op.create_table(
        "api_keys",
        key("id"),
        text("app_id"),
        text("name"),
        text("digest"),
        text("hint"),
        text("scopes", "[]"),
        moment("created_at"),
        number("revoked"),
    )
    index("api_keys_digest", "api_keys", ["digest"], unique=True)
    index("api_keys_app", "api_keys", ["app_id", "created_at"])
