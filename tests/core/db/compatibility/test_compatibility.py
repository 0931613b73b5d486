"""Compatible releases: recorded by migrations, read by the code."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from alembic.command import downgrade, stamp, upgrade
from sqlalchemy import event

from app.core.db.database import Database
from app.core.db.migrations import check_head, check_schema, head
from app.main import open_database
from tests.core.db.compatibility.migrations import Migrations
from tests.processes.forked import command
from tests.processes.servers import environment

Check = Callable[[Database], Awaitable[str | None]]
TRIGGERS = {
    "sqlite": (
        "DROP TRIGGER audit_change_no_UPDATE",
        "CREATE TRIGGER audit_change_no_UPDATE BEFORE UPDATE OF at ON audit_change "
        "BEGIN SELECT RAISE(ABORT, 'No'); END",
        "DROP TRIGGER audit_change_no_UPDATE",
    ),
    "postgresql": (
        "DROP TRIGGER audit_change_append_only ON audit_change",
        "CREATE TRIGGER audit_change_append_only BEFORE UPDATE ON audit_change "
        "EXECUTE FUNCTION audit_append_only()",
        "ALTER TABLE audit_change DISABLE TRIGGER audit_change_append_only",
    ),
}


@pytest.fixture
def migrations(url: str, tmp_path: Path) -> Migrations:
    return Migrations(url, tmp_path)


def fault(migrations: Migrations, check: Check = check_schema) -> str | None:
    async def ask() -> str | None:
        async with open_database(migrations.settings) as database:
            return await check(database)

    return asyncio.run(ask())


@pytest.mark.slow
def test_releases_are_compatible_up_to_the_first_migration_that_is_not(
    migrations: Migrations,
) -> None:
    own = migrations.releases()
    expected = {
        "a": (True, {"a", *own}),
        "b": (True, {"b", "a", *own}),
        "c": (False, {"c"}),
        "d": (True, {"d", "c"}),
        "e": (None, {"e"}),
    }
    for revision, (compatible, releases) in expected.items():
        upgrade(migrations.add(revision, compatible), "head")
        assert migrations.releases() == releases
    for revision in "dcba":
        downgrade(migrations.config, "-1")
        assert migrations.releases() == expected[revision][1]
    downgrade(migrations.config, "-1")
    assert migrations.releases() == own
    stamp(migrations.config, "e")
    assert migrations.releases() == {"e"}


@pytest.mark.slow
def test_the_release_before_reads_them(migrations: Migrations) -> None:
    upgrade(migrations.add("a", compatible=True), "head")
    assert fault(migrations) is None
    assert fault(migrations, check_head) == (
        f"The schema is at a, which is newer than this release's {head()}: run this "
        "with the newer release"
    )
    upgrade(migrations.add("b", compatible=False), "head")
    refusal = (
        f"The schema is at b, but the code needs {head()}: run the release that has "
        "migrated it"
    )
    assert fault(migrations) == fault(migrations, check_head) == refusal


def test_an_older_schema_must_be_upgraded(migrations: Migrations) -> None:
    migrations.execute("UPDATE alembic_version SET version_num = '0a4932730bd5'")
    refusal = fault(migrations)
    assert refusal
    assert refusal.endswith(f"needs {head()}: run `alembic upgrade head`")


def test_records_of_another_revision_are_stale(migrations: Migrations) -> None:
    upgrade(migrations.add("a", compatible=True), "head")
    migrations.execute("UPDATE alembic_version SET version_num = 'b'")
    assert fault(migrations)


@pytest.mark.slow
def test_a_database_without_records_must_be_at_head(migrations: Migrations) -> None:
    migrations.execute("DROP TABLE schema_compatibility")
    assert fault(migrations) is None
    stamp(migrations.config, "0a4932730bd5")
    migrations.execute("DROP TABLE schema_compatibility")
    assert fault(migrations)
    stamp(migrations.config, str(head()))
    migrations.execute("DROP TABLE schema_compatibility")
    upgrade(migrations.add("a", compatible=True), "head")
    assert fault(migrations) is None


@pytest.mark.slow
def test_offline_the_same_records_are_written(
    migrations: Migrations, capsys: pytest.CaptureFixture[str]
) -> None:
    every = (
        "SELECT revision || kind || name || coalesce(definition, '') || "
        "coalesce(function, '') FROM schema_compatibility ORDER BY 1"
    )
    upgrade(migrations.add("a", compatible=True), "a")
    online = migrations.execute(every)
    downgrade(migrations.config, "-1")
    migrations.execute("DROP TABLE schema_compatibility")
    upgrade(migrations.config, f"{head()}:a", sql=True)
    sql = capsys.readouterr().out.partition("UPDATE alembic_version")
    statements = f"{sql[1]}{sql[2]}".replace("COMMIT;", "").split(";\n")
    migrations.execute(*filter(str.strip, statements))
    assert migrations.execute(every) == online


@pytest.mark.usefixtures("without_comparison")
def test_a_guarantee_that_the_newer_schema_replaced_is_no_fault(
    migrations: Migrations,
) -> None:
    dialect = migrations.settings.DATABASE_URL.partition(":")[0]
    drop, create, lose = TRIGGERS[dialect]
    upgrade(migrations.add("a", compatible=True, upgrade=f'op.execute("{drop}")'), "a")
    assert fault(migrations) is None
    upgrade(migrations.add("b", True, f'op.execute("{create}")'), "b")
    assert fault(migrations) is None
    migrations.execute(lose)
    assert "audit_change_" in str(fault(migrations))


@pytest.mark.usefixtures("without_comparison")
def test_a_constraint_that_the_newer_schema_dropped_is_no_fault(
    migrations: Migrations,
) -> None:
    name = "ck_role_permission_implicit_read"
    drop = f"""
    with op.batch_alter_table("role_permission") as batch:
        batch.drop_constraint(batch.f("{name}"), type_="check")
    """
    upgrade(migrations.add("a", compatible=True, upgrade=drop.strip()), "a")
    assert fault(migrations) is None


def test_guarantees_of_the_release_s_own_schema_are_never_excused(
    migrations: Migrations,
) -> None:
    """A stamp records the guarantees as they are."""
    dialect = migrations.settings.DATABASE_URL.partition(":")[0]
    migrations.execute(TRIGGERS[dialect][0])
    stamp(migrations.config, str(head()))
    assert "is missing" in str(fault(migrations))


@pytest.fixture
def without_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrate as a newer release, which declares other guarantees."""
    monkeypatch.setattr(
        "app.core.db.guarantees.after_migration.comparing_guarantees",
        lambda *_: lambda **_: None,
    )


def test_a_newer_schema_costs_one_statement_more(migrations: Migrations) -> None:
    upgrade(migrations.add("a", compatible=True), "head")
    statements: list[str] = []

    async def count(database: Database) -> str | None:
        engine = database.engine.sync_engine
        await check_schema(database)
        event.listen(
            engine, "before_cursor_execute", lambda *given: statements.append(given[2])
        )
        return await check_schema(database)

    assert fault(migrations, count) is None
    assert len(statements) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [("scripts/restore_guarantees.py",), ("scripts/archive_audit.py", "verify")],
    ids=["restore", "archive"],
)
def test_commands_that_need_each_column_are_left_to_the_newer_release(
    migrations: Migrations, url: str, words: tuple[str, ...]
) -> None:
    upgrade(migrations.add("a", compatible=True), "head")
    done = command(words, environment(url, AUDIT_ARCHIVE_DIR="/nowhere"))
    assert done.code != 0
    assert "run this with the newer release" in done.errors
