"""actor names: users' names and the source of request ids in both logs.

Revision: 2f86b07c4d1e, after eb9c4736d537
Created: 2026-11-29 00:20:00+00:00
"""

import sqlalchemy as sa
from alembic.util import CommandError

from alembic import op

revision = "2f86b07c4d1e"
down_revision = "eb9c4736d537"
branch_labels = None
depends_on = None
# The release before must be stopped: it would seal rows without the new columns.
compatible_with_previous = False

TABLES = {
    "audit_change": "actor_name",
    "audit_access": "user_name",
    "audit_change_restored": "actor_name",
    "audit_access_restored": "user_name",
}
SOURCE = "request_id_source"


def upgrade() -> None:
    # Without a default, neither database rewrites the table or drops its triggers.
    for table, name in TABLES.items():
        op.add_column(table, sa.Column(name, sa.String(200)))
        op.add_column(table, sa.Column(SOURCE, sa.String(10)))


def downgrade() -> None:
    for table, name in TABLES.items():
        filled = sa.text(
            f"SELECT 1 FROM {table} "  # noqa: S608  names of the list above
            f"WHERE {name} IS NOT NULL OR {SOURCE} IS NOT NULL LIMIT 1"
        )
        if op.get_bind().scalar(filled):
            raise CommandError(
                "The logs have names of users, which the former release would lose. "
                "Restore a backup instead of downgrading."
            )
    for table, name in TABLES.items():
        op.drop_column(table, SOURCE)
        op.drop_column(table, name)
