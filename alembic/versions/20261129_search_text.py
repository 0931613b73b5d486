"""search text: derived columns to search and to sort by.

Revision: 3b9d2f60c8e1, after 2f86b07c4d1e
Created: 2026-11-28 23:50:00+00:00
"""

import sqlalchemy as sa

from alembic import op

revision = "3b9d2f60c8e1"
down_revision = "2f86b07c4d1e"
branch_labels = None
depends_on = None
# The release before must be stopped: what it writes would not be found.
compatible_with_previous = False

FOLDED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SEARCHED = {
    "customer": ["name", "email", "company", "notes"],
    "product": ["sku", "name", "description"],
    "role": ["name", "description"],
    "task": ["title", "description"],
    "user_account": ["email", "full_name"],
}
SORTED = {
    "customer": ["name", "email"],
    "product": ["name"],
    "role": ["name"],
    "task": [],
    "user_account": ["email", "full_name"],
}
# Lists are sorted by the derived columns now.
REPLACED = {"customer": "name", "product": "name", "user_account": "full_name"}


def upgrade() -> None:
    for table, searched in SEARCHED.items():
        keys = {f"{name}_sort": [name] for name in SORTED[table]}
        for name in ("search_text", *keys):
            op.add_column(table, sa.Column(name, FOLDED, nullable=True))
        sources = {"search_text": searched, **keys}
        # An operation of app/core/db/derived.
        op.fill_derived(table, sources)  # type: ignore[attr-defined]
        for name in keys:
            op.create_index(op.f(f"ix_{table}_{name}"), table, [name])
    for table, name in REPLACED.items():
        op.drop_index(op.f(f"ix_{table}_{name}"), table)


def downgrade() -> None:
    for table, name in REPLACED.items():
        op.create_index(op.f(f"ix_{table}_{name}"), table, [name])
    for table, names in SORTED.items():
        for name in names:
            op.drop_index(op.f(f"ix_{table}_{name}_sort"), table)
            op.drop_column(table, f"{name}_sort")
        op.drop_column(table, "search_text")
