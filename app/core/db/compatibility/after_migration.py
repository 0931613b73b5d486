"""Record of the compatible releases, written by each migration in its transaction."""

from collections.abc import Callable
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Insert, column, delete, insert, literal, select
from sqlalchemy.schema import CreateTable

from app.core.db.compatibility.releases import compatible_releases
from app.core.db.compatibility.table import NAME, RELEASE, compatibility
from app.core.db.guarantees.queries import STATEMENTS

DEFINITIONS = ("kind", "name", "definition", "function", "enabled")


def recording_compatibility(scripts: ScriptDirectory) -> Callable[..., None]:
    """Return a callback of `on_version_apply`, which offline writes SQL.

    It replaces all rows, after an upgrade as after a downgrade.
    """

    def record(*, ctx: MigrationContext, heads: set[str], **_: Any) -> None:
        ctx.execute(CreateTable(compatibility, if_not_exists=True))
        ctx.execute(delete(compatibility))
        if len(heads) == 1:
            (revision,) = heads
            ctx.execute(insert_releases(scripts, revision))
            ctx.execute(insert_definitions(ctx.dialect.name, revision))

    return record


def insert_releases(scripts: ScriptDirectory, revision: str) -> Insert:
    rows = [
        {"revision": revision, "kind": RELEASE, "name": release}
        for release in compatible_releases(scripts, revision)
    ]
    return insert(compatibility).values(rows)


def insert_definitions(dialect: str, revision: str) -> Insert:
    """Return a statement that copies what a comparison of the guarantees would read."""
    columns = [column(name, compatibility.c[name].type) for name in DEFINITIONS]
    found = STATEMENTS[dialect].columns(*columns).subquery("found")
    rows = select(literal(revision), *(found.c[name] for name in DEFINITIONS))
    return insert(compatibility).from_select(
        ["revision", *DEFINITIONS], rows.where(found.c.name != NAME)
    )
