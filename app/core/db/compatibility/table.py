"""Table that says which releases can run with the schema, and how migrations left it.

alembic/env.py creates and fills it, as Alembic does `alembic_version`. No model maps
it, and no migration names it. Rows of another revision than the schema's are stale: a
release from before this table has migrated since.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    select,
)

NAME = "schema_compatibility"
RELEASE = "release"  # kind of the rows whose `name` is the head of a release

compatibility = Table(
    NAME,
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("revision", String(32), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("name", Text, nullable=False),
    # Of a trigger, CHECK constraint or table: what a comparison of guarantees reads.
    Column("definition", Text),
    Column("function", Text),
    Column("enabled", Boolean),
)


def is_compatible(revision: str, release: str) -> Select[int]:
    """Return a query with a row if this release can run with the revision."""
    rows = compatibility.c
    return select(rows.id).where(
        rows.revision == revision, rows.kind == RELEASE, rows.name == release
    )


def recorded_definitions(revision: str) -> Select[str, str, str, str, bool]:
    """Return a query of what the migration to this revision left."""
    rows = compatibility.c
    found = select(rows.kind, rows.name, rows.definition, rows.function, rows.enabled)
    return found.where(rows.revision == revision, rows.kind != RELEASE)
