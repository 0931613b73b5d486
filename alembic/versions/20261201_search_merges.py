"""search merges: FTS5 merges more parts of a search index at once, and less often.

Revision: 2f9a6c07d4b8, after 5e7c31a9d802
Created: 2026-12-01 06:10:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision = "2f9a6c07d4b8"
down_revision = "5e7c31a9d802"
branch_labels = None
depends_on = None
compatible_with_previous = True

TABLES = ("customer", "product", "role", "task", "user_account")
INDEXES = sa.text("""
SELECT name FROM sqlite_master
WHERE sql LIKE 'CREATE VIRTUAL TABLE % USING fts5(search_text,%'
""")


def upgrade() -> None:
    configure(automerge=8, crisismerge=64)


def downgrade() -> None:
    configure(automerge=4, crisismerge=16)


def configure(**options: int) -> None:
    if op.get_context().dialect.name != "sqlite":
        return
    for name in index_names():
        index = sa.table(name, sa.column(name, sa.Text), sa.column("rank", sa.Integer))
        for option, value in options.items():
            op.execute(index.insert().values({name: option, "rank": value}))


def index_names() -> Sequence[str]:
    """Return the names of all indexes, or without a database of those known here."""
    if op.get_context().as_sql:
        return [f"{table}_search" for table in TABLES]
    return op.get_bind().scalars(INDEXES).all()
