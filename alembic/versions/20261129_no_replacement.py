"""no replacement: SQLite's REPLACE cannot rewrite the audit log.

Revision: 1d5b8e90c7a2, after 7c51e8d9a0f4
Created: 2026-11-29 00:55:00+00:00
"""

from alembic import op

revision = "1d5b8e90c7a2"
down_revision = "7c51e8d9a0f4"
branch_labels = None
depends_on = None
# It only adds triggers, which let pass what the release before inserts.
compatible_with_previous = True

TABLES = ("audit_change", "audit_access")


def upgrade() -> None:
    for table in TABLES:
        op.restore_guarantees(table)  # type: ignore[attr-defined]


def downgrade() -> None:
    """Leave the triggers: they hinder nothing that the release before does."""
