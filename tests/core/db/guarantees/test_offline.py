"""A script written by `--sql` creates the triggers of a table's partitions too."""

import asyncio
from io import StringIO

import asyncpg
import pytest
from alembic.command import check
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util import CommandError
from sqlalchemy import make_url

import app.main  # noqa: F401  imports all models
from app.core.db.guarantees.operations import RestoreGuaranteesOp
from tests.core.db.guarantees.test_guarantees import NO_OP
from tests.databases import alembic_config

LOST = (
    "DROP TRIGGER audit_access_default_append_only ON audit_access_default; "
    "ALTER TABLE audit_access_default DISABLE TRIGGER ALL; "
    "DROP TRIGGER audit_access_append_only ON audit_access; "
    f"CREATE OR REPLACE FUNCTION audit_append_only() {NO_OP}"
)


def run_script(url: str, script: str) -> None:
    async def run() -> None:
        dsn = make_url(url).set(drivername="postgresql")
        connection = await asyncpg.connect(dsn.render_as_string(hide_password=False))
        await connection.execute(script)
        await connection.close()

    asyncio.run(run())


def test_offline_the_triggers_of_partitions_are_created(url: str) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("SQLite has no partitions")
    written = StringIO()
    options = {"as_sql": True, "output_buffer": written}
    offline = MigrationContext.configure(dialect_name="postgresql", opts=options)
    Operations(offline).invoke(RestoreGuaranteesOp("audit_access"))
    run_script(url, LOST)
    with pytest.raises(CommandError, match="audit_access_default_append_only"):
        check(alembic_config(url))
    run_script(url, written.getvalue())
    check(alembic_config(url))
