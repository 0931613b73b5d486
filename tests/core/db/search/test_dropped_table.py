"""Drop of a searched table that no model has any more, as of a domain."""

from pathlib import Path

import pytest
from alembic.command import check, revision, upgrade
from sqlalchemy import Column, Integer, MetaData, Table, Text

from app.core.db.guarantees.definitions import search_index, table_triggers
from app.core.db.migrations import head
from app.core.db.search.index import declare_search_index
from tests.core.db.compatibility.migrations import Migrations


def create_statements(dialect: str) -> list[str]:
    columns = Column("id", Integer, primary_key=True), Column("search_text", Text)
    table = Table("pen", MetaData(), *columns)
    declare_search_index(table)
    index = search_index(table, dialect)
    assert index
    statements = [*index.create, *(it.create for it in table_triggers(table, dialect))]
    made = "CREATE TABLE pen (id INTEGER NOT NULL PRIMARY KEY, search_text TEXT)"
    return [made, *(each.replace(":", r"\:") for each in statements)]


@pytest.mark.slow
def test_its_search_index_is_dropped_as_well(url: str, tmp_path: Path) -> None:
    migrations = Migrations(url, tmp_path)
    dialect = url.partition(":")[0]
    migrations.execute(*create_statements(dialect))
    folder = str(migrations.folder)
    revision(migrations.config, "a", autogenerate=True, version_path=folder)
    (file,) = migrations.folder.glob("*.py")
    written = file.read_text()
    assert 'op.drop_search_index("pen")' in written
    assert "pen_search" not in written
    upgrade(migrations.config, "head")
    check(migrations.config)
    tables = {
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE name LIKE 'pen%'",
        "postgresql": "SELECT count(*) FROM pg_class WHERE relname LIKE '%pen%search'",
    }
    assert migrations.execute(tables[dialect]) == [0]


def test_its_migrations_run_without_the_model(url: str, tmp_path: Path) -> None:
    migrations = Migrations(url, tmp_path)
    calls = 'op.restore_guarantees("pen"); op.drop_search_index("pen")'
    upgrade(migrations.add("ffffffffffff", True, calls), "head")
    offline = f"{head()}:{migrations.last}"
    upgrade(migrations.config, offline, sql=True)
