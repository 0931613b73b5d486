"""key index: find what was done with an API key.

Revision: 3fa1c25d9b70, after 8c4e19d27b53
Created: 2026-11-29 08:40:11.201937+00:00
"""

import sqlalchemy as sa

from alembic import op

revision = "3fa1c25d9b70"
down_revision = "8c4e19d27b53"
branch_labels = None
depends_on = None
compatible_with_previous = True

HAS_KEY = sa.text("key_id IS NOT NULL")


def upgrade() -> None:
    for table in ("audit_change", "audit_access"):
        op.create_index(
            f"ix_{table}_key_id_at",
            table,
            ["key_id", "at"],
            sqlite_where=HAS_KEY,
            postgresql_where=HAS_KEY,
        )


def downgrade() -> None:
    for table in ("audit_change", "audit_access"):
        op.drop_index(f"ix_{table}_key_id_at", table)
