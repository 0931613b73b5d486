"""updated at: indexes of the times of the last changes, for `updated_since`.

Revision: 571964aea19a, after 8c4e1f7a92d3
Created: 2026-11-29 03:00:09.274454+00:00
"""

from alembic import op

revision = "571964aea19a"
down_revision = "8c4e1f7a92d3"
branch_labels = None
depends_on = None
compatible_with_previous = True

TABLES = (
    "customer",
    "product",
    "role",
    "role_module",
    "role_permission",
    "task",
    "user_account",
    "user_role",
)


def upgrade() -> None:
    for table in TABLES:
        op.create_index(
            f"ix_{table}_updated_at",
            table,
            ["updated_at", "id"],
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 16},
        )


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(f"ix_{table}_updated_at", table)
