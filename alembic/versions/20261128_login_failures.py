"""login failures: failures are counted apart from attempts in flight.

Revision: 7a3e51c0d98b, after 5b1f0c9d7e24
Created: 2026-11-28 23:40:00+00:00
"""

import sqlalchemy as sa

from alembic import op

revision = "7a3e51c0d98b"
down_revision = "5b1f0c9d7e24"
branch_labels = None
depends_on = None
compatible_with_previous = True


def upgrade() -> None:
    # Both databases add it without rewriting the table.
    failures = sa.Column("failures", sa.Integer(), server_default="0", nullable=False)
    op.add_column("login_throttle", failures)
    # The attempts of windows that are open have failed.
    op.execute("UPDATE login_throttle SET failures = count")


def downgrade() -> None:
    with op.batch_alter_table("login_throttle", schema=None) as batch_op:
        batch_op.drop_column("failures")
