"""search index: trigrams of the search texts.

Revision: 7c51e8d9a0f4, after 3b9d2f60c8e1
Created: 2026-11-29 00:05:00+00:00
"""

from alembic import op

revision = "7c51e8d9a0f4"
down_revision = "3b9d2f60c8e1"
branch_labels = None
depends_on = None
compatible_with_previous = True

TABLES = ("customer", "product", "role", "task", "user_account")


def upgrade() -> None:
    for table in TABLES:
        op.restore_guarantees(table)  # type: ignore[attr-defined]


def downgrade() -> None:
    for table in TABLES:
        op.drop_search_index(table)  # type: ignore[attr-defined]
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION trigrams(text)")
