"""api keys: keys of programs, password links, and the key's name in both logs.

Revision: 069e65fdeef5, after 571964aea19a
Created: 2026-11-29 02:54:02.550072+00:00
"""

import sqlalchemy as sa
from alembic.util import CommandError

from alembic import op

revision = "069e65fdeef5"
down_revision = "571964aea19a"
branch_labels = None
depends_on = None

# The release before must be stopped: it would seal rows without the new columns.
compatible_with_previous = False

LOGS = (
    "audit_change",
    "audit_access",
    "audit_change_restored",
    "audit_access_restored",
)


def upgrade() -> None:
    op.create_table(
        "api_key_use",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_key_use")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("prefix", sa.String(8), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(10200), nullable=False),
        sa.Column("addresses", sa.String(1020), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_api_key_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_api_key_expires_at"), ["expires_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_api_key_user_id"), ["user_id"], unique=False
        )
        batch_op.create_index(
            "ix_api_key_updated_at",
            ["updated_at", "id"],
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 16},
        )

    op.create_table(
        "password_link",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("auth_version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_password_link_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_password_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_link_token_hash")),
    )
    with op.batch_alter_table("password_link", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_password_link_expires_at"), ["expires_at"], unique=False
        )

    # Without a default, neither database rewrites the table or drops its triggers.
    for table in LOGS:
        op.add_column(table, sa.Column("key_id", sa.Uuid()))
        op.add_column(table, sa.Column("key_name", sa.String(100)))


def downgrade() -> None:
    for table in LOGS:
        filled = sa.text(f"SELECT 1 FROM {table} WHERE key_id IS NOT NULL LIMIT 1")  # noqa: S608  names of the list above
        if op.get_bind().scalar(filled):
            raise CommandError(
                "The logs have names of API keys, which the former release would lose. "
                "Restore a backup instead of downgrading."
            )
    for table in LOGS:
        op.drop_column(table, "key_name")
        op.drop_column(table, "key_id")
    with op.batch_alter_table("password_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_password_link_expires_at"))

    op.drop_table("password_link")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index("ix_api_key_updated_at")
        batch_op.drop_index(batch_op.f("ix_api_key_user_id"))
        batch_op.drop_index(batch_op.f("ix_api_key_expires_at"))

    op.drop_table("api_key")
    op.drop_table("api_key_use")
