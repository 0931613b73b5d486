"""Triggers and CHECK constraints: compared, named, restored; never lost unseen."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.command import check, downgrade, revision, stamp, upgrade
from alembic.config import Config
from alembic.util import CommandError
from fastapi.testclient import TestClient
from sqlalchemy import (
    CheckConstraint,
    Column,
    Integer,
    Table,
    event,
    make_url,
    select,
    text,
)
from sqlmodel import SQLModel, col

from app.audit.models import AuditChange
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.engine import make_engine
from app.core.db.guarantees.definitions import Check, declared_guarantees
from app.core.db.migrations import FOLDER, check_schema, head
from app.main import create_app
from scripts.commands import user_name
from tests.conftest import Read
from tests.databases import alembic_config, make_settings
from tests.processes.forked import Done, command
from tests.processes.servers import environment

pytestmark = pytest.mark.slow

BODY = "BEGIN RETURN NULL; END"
NO_OP = f"RETURNS trigger LANGUAGE plpgsql AS $$ {BODY} $$"
POSTGRESQL = {
    "DROP TRIGGER audit_access_default_append_only ON audit_access_default": (
        "audit_access_default_append_only on audit_access_default is missing"
    ),
    "ALTER TABLE audit_access_default DISABLE TRIGGER ALL": (
        "audit_access_default_append_only on audit_access_default is disabled"
    ),
    "CREATE TABLE audit_access_1999 PARTITION OF audit_access FOR VALUES FROM "
    "(MINVALUE) TO ('00000000-0000-0000-0000-000000000000')": (
        "audit_access_1999_append_only on audit_access_1999 is missing"
    ),
    "DROP TRIGGER audit_change_append_only ON audit_change": "is missing",
    "ALTER TABLE audit_access DISABLE TRIGGER audit_access_append_only": "is disabled",
    "ALTER TABLE audit_change ENABLE REPLICA TRIGGER audit_change_append_only": (
        "is disabled"
    ),
    f"CREATE OR REPLACE FUNCTION audit_append_only() {NO_OP}": "differs from the code",
    "ALTER FUNCTION audit_append_only() SET search_path = pg_temp": (
        "differs from the code"
    ),
    "CREATE OR REPLACE TRIGGER audit_change_append_only BEFORE UPDATE ON audit_change "
    "EXECUTE FUNCTION audit_append_only()": "differs from the code",
    "DROP INDEX ix_product_search": (
        "search index ix_product_search on product is missing"
    ),
    "ALTER TABLE role_permission DROP CONSTRAINT ck_role_permission_implicit_read": (
        "is missing"
    ),
    "ALTER TABLE role_permission DROP CONSTRAINT ck_role_permission_implicit_read; "
    "ALTER TABLE role_permission ADD CONSTRAINT ck_role_permission_implicit_read "
    "CHECK (action <> 'x')": "differs from the code",
}
SQLITE = {
    "DROP TRIGGER audit_change_no_DELETE": "is missing",
    "DROP TRIGGER audit_access_no_UPDATE": "is missing",
    "DROP TRIGGER product_search_update": "is missing",
    "DROP TABLE product_search": "search index product_search on product is missing",
    "DROP TRIGGER audit_change_no_UPDATE; CREATE TRIGGER audit_change_no_UPDATE "
    "BEFORE UPDATE ON audit_change BEGIN SELECT 1; END": "differs from the code",
    "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, "
    "'CONSTRAINT ck_role_permission_implicit_read CHECK (action <> ''read''), ', '')": (
        "is missing"
    ),
    "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, "
    "'CHECK (action <> ''read'')', 'CHECK (action <> ''x'')')": "differs from the code",
}


def cases(dialect: str, faults: dict[str, str]) -> Iterator[Any]:
    """Yield parameters; a fault that an earlier one resembles is heavy."""
    tried = set[str]()
    for statements, fault in faults.items():
        kind = fault.split()[-1]
        marks = [pytest.mark.heavy] * (kind in tried)
        tried.add(kind)
        yield pytest.param((dialect, statements, fault), marks=marks)


CASES = [*cases("postgresql", POSTGRESQL), *cases("sqlite", SQLITE)]


def execute(settings: Settings, statements: str, separator: str = "; ") -> None:
    async def run() -> None:
        engine = make_engine(settings)
        async with engine.begin() as connection:
            for statement in split(statements, separator):
                await connection.execute(text(statement))
        await engine.dispose()

    asyncio.run(run())


def split(statements: str, separator: str) -> list[str]:
    """Split at each separator that a verb follows, outside of a trigger."""
    parts = statements.split(f"{separator}")
    joined: list[str] = []
    for part in parts:
        if part.split()[0] in {"CREATE", "DROP", "ALTER", "PRAGMA", "UPDATE"}:
            joined.append(part)
        else:
            joined[-1] += separator + part
    return joined


@pytest.fixture
def fault(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Break a guarantee; return the clause that must name it."""
    dialect, statements, fault = request.param
    if not settings.DATABASE_URL.startswith(dialect):
        pytest.skip(f"for {dialect}")
    execute(settings, statements)
    return str(fault)


def script(url: str) -> Done:
    return command(("scripts/restore_guarantees.py",), environment(url))


@pytest.mark.parametrize("fault", CASES, indirect=True, ids=lambda case: case[1][:60])
def test_a_lost_guarantee_is_named_and_restored(
    settings: Settings, url: str, fault: str, read: Read
) -> None:
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        ready = client.get("http://test/readyz")
        refused = client.get("http://test/api/v1/products")
    assert (ready.status_code, refused.status_code) == (503, 503)
    assert fault in ready.json()["detail"]
    assert "run `python scripts/restore_guarantees.py`" in ready.json()["detail"]
    with pytest.raises(CommandError, match=fault):
        check(alembic_config(url))
    checked = command(("scripts/check_audit.py",), environment(url))
    assert checked.code == 1
    assert fault in checked.output + checked.errors
    done = script(url)
    assert (done.code, done.errors) == (0, "")
    assert fault in done.output
    check(alembic_config(url))
    assert "in force" in script(url).output
    restored = col(AuditChange.reason) == "guarantees restored"
    assert read(select(col(AuditChange.actor_label)).where(restored)) == [user_name()]
    with TestClient(create_app(settings)) as client:
        assert client.get("http://test/readyz").status_code == 200


UNKNOWN = {
    "postgresql": [
        f"CREATE FUNCTION hide() {NO_OP}; CREATE TRIGGER hide BEFORE INSERT "
        "ON audit_change FOR EACH ROW EXECUTE FUNCTION hide()",
        "CREATE RULE hide AS ON INSERT TO audit_change DO INSTEAD NOTHING",
        "ALTER TABLE audit_change ENABLE ROW LEVEL SECURITY",
    ],
    "sqlite": [
        "CREATE TRIGGER hide BEFORE INSERT ON audit_change "
        "BEGIN SELECT RAISE(IGNORE); END"
    ],
}


@pytest.mark.parametrize(
    ("dialect", "statements"),
    [
        pytest.param(dialect, each, marks=[pytest.mark.heavy] * (each != many[0]))
        for dialect, many in UNKNOWN.items()
        for each in many
    ],
)
def test_what_interferes_with_the_log_is_named(
    settings: Settings, url: str, dialect: str, statements: str
) -> None:
    if not url.startswith(dialect):
        pytest.skip(f"for {dialect}")
    execute(settings, statements)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        detail = client.get("http://test/readyz").json()["detail"]
    assert "on audit_change is not in the code" in detail


def test_a_table_that_inherits_from_the_log_is_named(
    settings: Settings, url: str
) -> None:
    """Its rows are among those of the log, whose triggers it does not have."""
    if not url.startswith("postgresql"):
        pytest.skip("SQLite has no tables that inherit")
    execute(settings, "CREATE TABLE audit_change_more () INHERITS (audit_change)")
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        detail = client.get("http://test/readyz").json()["detail"]
    assert "audit_change_more_append_only on audit_change_more is missing" in detail
    assert script(url).code == 0
    with TestClient(create_app(settings)) as client:
        assert client.get("http://test/readyz").status_code == 200


def test_each_constraint_states_how_postgresql_stores_it() -> None:
    """Without it, PostgreSQL's constraint is compared by name only."""
    declared = declared_guarantees(SQLModel.metadata, "postgresql", {})
    checks = [each for each in declared if isinstance(each, Check)]
    assert [each.name for each in checks if not each.stored] == []


def test_readiness_sees_a_trigger_that_is_lost_while_serving(
    client: TestClient, settings: Settings
) -> None:
    assert client.get("products").status_code == 200
    if settings.DATABASE_URL.startswith("sqlite"):
        execute(settings, "DROP TRIGGER audit_change_no_UPDATE")
    else:
        execute(settings, "DROP TRIGGER audit_change_append_only ON audit_change")
    assert client.get("http://test/readyz").status_code == 503
    assert client.get("products").status_code == 503


def test_a_role_whose_sessions_fire_no_triggers_is_reported(
    settings: Settings, url: str
) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("SQLite fires triggers in every session")
    setting = "SET session_replication_role = replica"
    execute(settings, f"ALTER DATABASE {make_url(url).database} {setting}")
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        response = client.get("http://test/readyz")
    assert "audit_change_append_only on audit_change is disabled" in response.text
    done = script(url)
    assert (done.code, "session_replication_role" in done.errors) == (1, True)


def test_offline_the_triggers_are_created_in_any_case(
    migrations: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    add_migration(migrations, "audit_change", 'op.restore_guarantees("audit_change")')
    (file,) = Path(versions(migrations)).glob("*.py")
    batch = re.compile(r"    with .*?\n.*?\n")  # needs a connection on SQLite
    file.write_text(batch.sub("", file.read_text()))
    upgrade(migrations, f"{head()}:head", sql=True)
    sql = capsys.readouterr().out
    assert "DROP TRIGGER IF EXISTS audit_change_" in sql
    assert "CREATE TRIGGER audit_change_" in sql


@pytest.mark.anyio
async def test_the_comparison_costs_one_statement(database: Database) -> None:
    statements: list[str] = []
    await check_schema(database)
    engine = database.engine.sync_engine
    event.listen(
        engine, "before_cursor_execute", lambda *given: statements.append(given[2])
    )
    assert await check_schema(database) is None
    assert len(statements) == 2
    assert "alembic_version" in statements[0]


@pytest.fixture
def migrations(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The project's migrations, with room for another one."""
    own = tmp_path / "versions"
    own.mkdir()
    config = alembic_config(url)
    both = f"{FOLDER / 'versions'}:{own}"
    config.set_main_option("version_locations", both)
    config.set_main_option("version_path_separator", ":")
    monkeypatch.setattr("app.core.db.migrations.head", lambda: "batch")
    return config


MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "batch", "{head}"

def upgrade():
    with op.batch_alter_table("{table}", recreate="{recreate}") as batch:
        batch.add_column(sa.Column("color", sa.String(10), nullable=True))
    {restore}

def downgrade():
    with op.batch_alter_table("{table}", recreate="{recreate}") as batch:
        batch.drop_column("color")
    {restore}
"""


def versions(config: Config) -> str:
    """Return the folder for migrations of the test's own."""
    return (config.get_main_option("version_locations") or "").split(":")[1]


def add_migration(config: Config, table: str, restore: str) -> None:
    sqlite = config.attributes["settings"].DATABASE_URL.startswith("sqlite")
    text = MIGRATION.format(
        head=head(),
        table=table,
        restore=restore,
        recreate="always" if sqlite else "auto",
    )
    Path(versions(config), "batch.py").write_text(text)


TABLES = ("audit_change", "audit_access", "role_permission", "product")


@pytest.mark.sampled
@pytest.mark.parametrize("table", TABLES[:2])
def test_a_batch_migration_that_loses_a_trigger_fails(
    migrations: Config, url: str, table: str
) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL alters tables in place")
    add_migration(migrations, table, "pass")
    call = rf'op\.restore_guarantees\("{table}"\)'
    with pytest.raises(CommandError, match=call):
        upgrade(migrations, "head")
    assert revisions(url) == {head()}


@pytest.mark.sampled
@pytest.mark.parametrize("table", TABLES)
def test_a_batch_migration_that_restores_them_succeeds(
    migrations: Config, url: str, table: str
) -> None:
    add_migration(migrations, table, f'op.restore_guarantees("{table}")')
    upgrade(migrations, "head")
    downgrade(migrations, "-1")
    check(alembic_config(url))


def test_a_downgrade_that_loses_a_trigger_fails(migrations: Config, url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL alters tables in place")
    add_migration(migrations, "audit_change", "pass")
    stamp(migrations, "batch")
    execute(make_settings(url), "ALTER TABLE audit_change ADD COLUMN color TEXT")
    with pytest.raises(CommandError, match="restore_guarantees"):
        downgrade(migrations, "-1")


def test_a_model_without_a_migration_does_not_stop_an_upgrade(
    migrations: Config, url: str
) -> None:
    """Else the migration of the new table could not be generated either."""
    add_migration(migrations, "product", 'op.restore_guarantees("product")')
    declared = Table("pen", SQLModel.metadata, Column("ink", Integer))
    declared.append_constraint(CheckConstraint("ink > 0", name="ink"))
    try:
        upgrade(migrations, "head")
    finally:
        SQLModel.metadata.remove(declared)
    assert revisions(url) == {"batch"}


def test_autogenerate_restores_what_is_missing(migrations: Config, url: str) -> None:
    """And after each batch operation on a table that has triggers."""
    lose = {
        "sqlite": "DROP TRIGGER audit_change_no_UPDATE; DROP INDEX ix_audit_access_at",
        "postgresql": "DROP TRIGGER audit_change_append_only ON audit_change; "
        "DROP INDEX ix_audit_access_at",
    }
    settings: Settings = migrations.attributes["settings"]
    execute(settings, lose[settings.DATABASE_URL.partition(":")[0]])
    folder = versions(migrations)
    made = revision(migrations, "lost", autogenerate=True, version_path=folder)
    text = Path(made.path).read_text()  # type: ignore[union-attr]
    for table in TABLES[:2]:
        assert f'op.restore_guarantees("{table}")' in text
    upgrade(migrations, "head")


def revisions(url: str) -> set[str]:
    async def read() -> set[str]:
        engine = make_engine(make_settings(url))
        async with engine.connect() as connection:
            rows = await connection.execute(
                text("SELECT version_num FROM alembic_version")
            )
            found = {str(row[0]) for row in rows}
        await engine.dispose()
        return found

    return asyncio.run(read())
