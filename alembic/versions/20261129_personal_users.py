"""personal users: in both logs, the personal columns about the user, encrypted

Revision: 5e7c31a9d802, after b6d1f08e4a27
Created: 2026-11-29 19:20:00+00:00
"""

import sqlalchemy as sa
from alembic.util import CommandError

from alembic import op

revision = "5e7c31a9d802"
down_revision = "b6d1f08e4a27"
branch_labels = None
depends_on = None
# The release before must be stopped: it would seal rows without the new column.
compatible_with_previous = False

LOGS = ("audit_change", "audit_access")
TABLES = (*LOGS, *(f"{log}_restored" for log in LOGS))


def upgrade() -> None:
    # Without a default, neither database rewrites the table or drops its triggers.
    for table in TABLES:
        op.add_column(table, sa.Column("personal", sa.Text()))


def downgrade() -> None:
    for table in TABLES:
        filled = f"SELECT 1 FROM {table} WHERE personal IS NOT NULL LIMIT 1"  # noqa: S608
        if op.get_bind().scalar(sa.text(filled)):
            raise CommandError(
                "The logs name users by encrypted values, which the former release "
                "would lose. Restore a backup instead of downgrading."
            )
    for table in TABLES:
        op.drop_column(table, "personal")
