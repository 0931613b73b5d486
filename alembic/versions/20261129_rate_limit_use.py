"""rate limit use: requests that processes have reported.

Revision: b6d1f08e4a27, after 3fa1c25d9b70
Created: 2026-11-29 11:40:00+00:00
"""

import sqlalchemy as sa

from alembic import op

revision = "b6d1f08e4a27"
down_revision = "3fa1c25d9b70"
branch_labels = None
depends_on = None
compatible_with_previous = True


def upgrade() -> None:
    op.create_table(
        "rate_limit_use",
        sa.Column("subject", sa.String(60), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_rate_limit_use")),
    )


def downgrade() -> None:
    op.drop_table("rate_limit_use")
