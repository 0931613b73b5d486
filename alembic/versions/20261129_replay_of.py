"""replay of: in the access log, the request whose response was sent again.

Revision: 8c4e1f7a92d3, after 1d5b8e90c7a2
Created: 2026-11-29 03:30:00+00:00
"""

import sqlalchemy as sa
from alembic.util import CommandError

from alembic import op

revision = "8c4e1f7a92d3"
down_revision = "1d5b8e90c7a2"
branch_labels = None
depends_on = None
# The release before must be stopped: it would seal rows without the new column.
compatible_with_previous = False

TABLES = ("audit_access", "audit_access_restored")


def upgrade() -> None:
    # Without a default, neither database rewrites the table or drops its triggers.
    for table in TABLES:
        op.add_column(table, sa.Column("replay_of", sa.String(64)))


def downgrade() -> None:
    for table in TABLES:
        filled = f"SELECT 1 FROM {table} WHERE replay_of IS NOT NULL LIMIT 1"  # noqa: S608
        if op.get_bind().scalar(sa.text(filled)):
            raise CommandError(
                "The access log names repeated requests, which the former release "
                "would lose. Restore a backup instead of downgrading."
            )
    for table in TABLES:
        op.drop_column(table, "replay_of")
