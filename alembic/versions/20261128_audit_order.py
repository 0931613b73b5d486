"""audit order: numbers of transactions in the logs, and trees over the sealed rows.

Revision: 5d0c7b1e9a34, after 5e0c9a3d7b14
Created: 2026-11-28 17:15:00+00:00
"""

import sqlalchemy as sa
from alembic.util import CommandError

from alembic import op

revision = "5d0c7b1e9a34"
down_revision = "5e0c9a3d7b14"
branch_labels = None
depends_on = None
# The release before must be stopped: it seals and archives by its own rules.
compatible_with_previous = False

LOGS = ("audit_change", "audit_access")
RESTORED = ("audit_change_restored", "audit_access_restored")
PLACE = ("transaction_id", "transaction_row_id")
POSITION = "ix_audit_seal_log_transaction_id_transaction_row_id"
NUMBER = "((pg_current_xact_id())::text)::bigint"


def upgrade() -> None:
    # Without a default, neither database rewrites the table or drops its triggers.
    for table in (*LOGS, *RESTORED):
        op.add_column(table, sa.Column("transaction_id", sa.BigInteger()))
    for table in LOGS:
        if op.get_context().dialect.name == "postgresql":
            # Rows that exist keep NULL.
            op.alter_column(table, "transaction_id", server_default=sa.text(NUMBER))
        op.create_index(op.f(f"ix_{table}_transaction_id"), table, ["transaction_id"])
    op.add_column("audit_seal", sa.Column("transaction_id", sa.BigInteger()))
    op.add_column("audit_seal", sa.Column("transaction_row_id", sa.Uuid()))
    op.add_column("audit_seal", sa.Column("start", sa.BigInteger()))
    op.add_column("audit_seal", sa.Column("size", sa.BigInteger()))
    op.add_column("audit_seal", sa.Column("note", sa.String(1000)))
    op.add_column("audit_seal", sa.Column("edge", sa.LargeBinary()))
    op.create_index(op.f("ix_audit_seal_log_number"), "audit_seal", ["log", "number"])
    op.create_index(op.f("ix_audit_seal_log_size"), "audit_seal", ["log", "size"])
    op.create_index(op.f(POSITION), "audit_seal", ["log", *PLACE])
    create_tables()


def create_tables() -> None:
    op.create_table(
        "audit_tile",
        sa.Column("log", sa.String(10), nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "level", "number", name=op.f("pk_audit_tile")),
    )
    op.create_table(
        "audit_key",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("log", sa.String(10), nullable=False),
        sa.Column("key", sa.String(150), nullable=False),
        sa.Column("rotation", sa.String(1000), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_key")),
    )
    op.create_index(op.f("ix_audit_key_key"), "audit_key", ["key"])


def downgrade() -> None:
    sealed = sa.text("SELECT 1 FROM audit_seal WHERE start IS NOT NULL LIMIT 1")
    if op.get_bind().scalar(sealed):
        raise CommandError(
            "Rows are sealed in a tree, which the former release cannot verify or "
            "continue. Restore a backup instead of downgrading."
        )
    op.drop_table("audit_key")
    op.drop_table("audit_tile")
    op.drop_index(op.f(POSITION), "audit_seal")
    op.drop_index(op.f("ix_audit_seal_log_size"), "audit_seal")
    for name in ("edge", "note", "size", "start"):
        op.drop_column("audit_seal", name)
    op.drop_index(op.f("ix_audit_seal_log_number"), "audit_seal")
    op.drop_column("audit_seal", "transaction_row_id")
    op.drop_column("audit_seal", "transaction_id")
    for table in LOGS:
        op.drop_index(op.f(f"ix_{table}_transaction_id"), table)
    for table in (*LOGS, *RESTORED):
        op.drop_column(table, "transaction_id")
