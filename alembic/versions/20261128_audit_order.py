"""audit order: the number of the transaction that wrote each row of the logs.

Revision: 5d0c7b1e9a34, after 5e0c9a3d7b14
Created: 2026-11-28 17:15:00+00:00
"""

import sqlalchemy as sa

from alembic import op

revision = "5d0c7b1e9a34"
down_revision = "5e0c9a3d7b14"
branch_labels = None
depends_on = None
# The release before must be stopped: it seals and archives by its own rules.
compatible_with_previous = False

LOGS = ("audit_change", "audit_access")
RESTORED = ("audit_change_restored", "audit_access_restored")
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
    op.create_index(op.f("ix_audit_seal_log_number"), "audit_seal", ["log", "number"])


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_seal_log_number"), "audit_seal")
    op.drop_column("audit_seal", "transaction_row_id")
    op.drop_column("audit_seal", "transaction_id")
    for table in LOGS:
        op.drop_index(op.f(f"ix_{table}_transaction_id"), table)
    for table in (*LOGS, *RESTORED):
        op.drop_column(table, "transaction_id")
