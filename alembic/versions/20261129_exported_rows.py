"""exported rows: how many rows of a collection a request has read, in the access log

Revision: 8c4e19d27b53, after 069e65fdeef5
Created: 2026-11-29 03:00:00+00:00
"""

import sqlalchemy as sa
from alembic.util import CommandError

from alembic import op

revision = "8c4e19d27b53"
down_revision = "069e65fdeef5"
branch_labels = None
depends_on = None
# The release before must be stopped: it would seal rows without the new column.
compatible_with_previous = False

TABLES = ("audit_access", "audit_access_restored")
NAME = "exported_rows"


def upgrade() -> None:
    # Without a default, neither database rewrites the table or drops its triggers.
    for table in TABLES:
        op.add_column(table, sa.Column(NAME, sa.BigInteger()))


def downgrade() -> None:
    for table in TABLES:
        filled = sa.text(
            f"SELECT 1 FROM {table} WHERE {NAME} IS NOT NULL LIMIT 1"  # noqa: S608  a name of the list above
        )
        if op.get_bind().scalar(filled):
            raise CommandError(
                "The access log has exports, whose number of rows the former release "
                "would lose. Restore a backup instead of downgrading."
            )
    for table in TABLES:
        op.drop_column(table, NAME)
