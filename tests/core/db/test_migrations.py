"""Migrations: upgrade, downgrade, and equality with the models."""

from asyncio import run
from collections.abc import Callable
from typing import TypeVar

import pytest
from alembic.command import check, downgrade, upgrade
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, delete, insert, inspect, text
from sqlmodel import SQLModel

from app.audit.changes.guard import unaudited
from app.audit.models import AuditPruning
from app.core.db.compatibility.releases import COMPATIBLE
from app.core.db.database import Database
from app.core.db.engine import make_engine
from app.core.db.migrations import FOLDER, check_schema, head
from app.core.db.partitions import partition_names
from app.core.db.search.index import is_part_of_index
from app.main import open_database
from tests.core.db.filled import ALEMBIC, counts, fill
from tests.databases import alembic_config, make_settings
from tests.processes.forked import command
from tests.processes.servers import environment

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

T = TypeVar("T")
Schema = dict[str, object]


def read_schema(connection: Connection) -> Schema:
    inspector = inspect(connection)
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in columns],
            sorted(str(i["name"]) for i in inspector.get_indexes(table)),
            sorted(str(u["name"]) for u in inspector.get_unique_constraints(table)),
            sorted(str(f["name"]) for f in inspector.get_foreign_keys(table)),
        )
        for table in {*inspector.get_table_names()} - partition_names(connection)
        for columns in [inspector.get_columns(table)]
        if table not in ALEMBIC and not is_part_of_index(table)
    }


def alembic(url: str, *words: str) -> str:
    done = command(("-m", "alembic", *words), environment(url))
    assert done.code == 0, done.errors
    return done.output


async def schema_at(url: str) -> Schema:
    engine = make_engine(make_settings(url))
    async with engine.connect() as connection:
        found = await connection.run_sync(read_schema)
    await engine.dispose()
    return found


def test_an_upgrade_can_be_reverted_and_repeated(empty_url: str) -> None:
    config = alembic_config(empty_url)
    upgrade(config, "head")
    first = run(schema_at(empty_url))
    assert first.keys() == set(SQLModel.metadata.tables)
    downgrade(config, "base")
    assert run(schema_at(empty_url)) == {}
    upgrade(config, "head")
    assert run(schema_at(empty_url)) == first


REVISIONS = [
    script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()
][::-1]


async def run_on(url: str, work: Callable[[Connection], T]) -> T:
    engine = make_engine(make_settings(url))
    async with engine.begin() as connection:
        done = await connection.run_sync(work)
    await engine.dispose()
    return done


def test_each_revision_migrates_tables_with_rows(empty_url: str) -> None:
    """A NOT NULL column without a default would fail on existing rows."""
    config = alembic_config(empty_url)
    before: dict[str, int] = {}
    for revision in REVISIONS:
        upgrade(config, revision)
        after = run(run_on(empty_url, counts))
        assert after.items() >= before.items(), f"{revision} has lost rows"
        run(run_on(empty_url, fill))
        before = run(run_on(empty_url, counts))
    with pytest.raises(CommandError, match="Restore a backup instead"):
        downgrade(config, "base")
    upgrade(config, "head")  # what comes after the refusal was downgraded
    run(run_on(empty_url, delete_trees))
    for _ in REVISIONS:
        downgrade(config, "-1")
    assert run(run_on(empty_url, counts)) == {}


def delete_trees(connection: Connection) -> None:
    """Delete what stops a downgrade: seals and rows that the former release lacks."""
    connection.execute(text("DELETE FROM audit_seal WHERE start IS NOT NULL"))
    connection.execute(insert(AuditPruning))
    for name in ("audit_change", "audit_access"):
        for table in (name, f"{name}_restored"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608
    connection.execute(delete(AuditPruning))


def test_each_migration_states_its_compatibility() -> None:
    """Without the statement, the release before stops serving."""
    scripts = ScriptDirectory(str(FOLDER)).walk_revisions()
    silent = [each.revision for each in scripts if not hasattr(each.module, COMPATIBLE)]
    assert silent == []


def test_the_migrations_match_the_models(url: str) -> None:
    check(alembic_config(url))


def test_the_command_line_reads_the_settings(empty_url: str) -> None:
    alembic(empty_url, "upgrade", "head")
    assert f"{head()} (head)" in alembic(empty_url, "current")


def test_offline_mode_writes_sql(empty_url: str) -> None:
    sql = alembic(empty_url, "upgrade", "head", "--sql")
    assert "CREATE TABLE product" in sql
    assert sql.rstrip().endswith("COMMIT;")
    # The lock timeout, as online: a waiting migration blocks other sessions.
    has_timeout = sql.lstrip().startswith("SET lock_timeout = '5s';")
    assert has_timeout == empty_url.startswith("postgresql")


async def test_the_schema_is_at_head(database: Database) -> None:
    assert await check_schema(database) is None


async def test_a_missing_schema_is_reported(empty_url: str) -> None:
    async with open_database(make_settings(empty_url)) as database:
        fault = await check_schema(database)
    assert fault == "The database has no schema yet: run `alembic upgrade head`"


async def test_a_different_revision_is_reported(database: Database) -> None:
    with unaudited("a test of another schema"):
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql(
                "UPDATE alembic_version SET version_num = 'x'"
            )
    fault = await check_schema(database)
    assert fault is not None
    assert fault.startswith("The schema is at x, but the code needs ")
