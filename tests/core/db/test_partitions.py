"""Partitions of audit_access: the upgrade of a filled table, and back."""

import gzip
from asyncio import run
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.command import check, downgrade, upgrade
from sqlalchemy import Connection, text

from app.core.db.ids import uuid7
from tests.core.db.test_migrations import alembic, run_on
from tests.databases import alembic_config

BEFORE, NUMBERED = "c41244e58c02", "5d0c7b1e9a34"
FIXTURES = Path(__file__).parents[2] / "audit/archive/fixtures/74c87da"
ACCESS = """
INSERT INTO audit_access
    (id, at, request_id, ip, method, path, query, duration_ms, bytes, outcome)
VALUES ('{id}', '2026-11-23 12:00:00', 'kept', '::1', 'GET', '/', '', 1, 0, 'answered')
"""
FAR = "f" * 32  # the id of a clock that is wrong
PARTITIONS = """
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits
JOIN pg_class c ON c.oid = inhrelid
WHERE inhparent = to_regclass('audit_access') ORDER BY 1
"""

NUMBERS = "SELECT id, transaction_id FROM audit_access ORDER BY id"
NUMBERING_TABLES = """
SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
JOIN pg_attrdef d ON adrelid = c.oid AND adnum = attnum
WHERE attname = 'transaction_id' AND c.relname ~ '^audit_access'
    AND pg_get_expr(adbin, adrelid) = '((pg_current_xact_id())::text)::bigint'
"""
INDEXED_TABLES = """
SELECT tablename FROM pg_indexes
WHERE tablename ~ '^audit_access' AND indexdef ~ ' USING btree \\(transaction_id\\)$'
"""


def execute(url: str, *statements: str) -> None:
    def work(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    run(run_on(url, work))


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    def work(connection: Connection) -> list[tuple[object, ...]]:
        return [tuple(row) for row in connection.execute(text(query))]

    return run(run_on(url, work))


def partitions(url: str) -> dict[str, str]:
    return {str(name): str(bound) for name, bound in rows(url, PARTITIONS)}


@pytest.fixture
def filled_url(empty_url: str) -> str:
    """The database of an earlier release, with rows in every table."""
    upgrade(alembic_config(empty_url), BEFORE)
    engine = empty_url.partition(":")[0]
    dump = gzip.decompress((FIXTURES / engine / "app.sql.gz").read_bytes()).decode()
    # SQLite's tables are in alphabetical order.
    first = ["PRAGMA defer_foreign_keys = ON"] if engine == "sqlite" else []
    execute(empty_url, *first, *(line for line in dump.splitlines() if line))
    return empty_url


LOGGED = "SELECT id, at, path, user_agent, bytes FROM audit_access ORDER BY id"


@pytest.mark.slow
def test_an_upgrade_keeps_every_access_and_so_does_a_downgrade(filled_url: str) -> None:
    config, before = alembic_config(filled_url), rows(filled_url, LOGGED)
    assert len(before) == 39
    upgrade(config, "head")
    assert rows(filled_url, LOGGED) == before
    check(config)
    downgrade(config, BEFORE)
    assert rows(filled_url, LOGGED) == before
    upgrade(config, "head")
    assert rows(filled_url, LOGGED) == before
    check(config)


@pytest.fixture
def on_postgresql(empty_url: str) -> None:
    if not empty_url.startswith("postgresql"):
        pytest.skip("SQLite has no partitions")


@pytest.mark.usefixtures("on_postgresql")
def test_a_filled_table_becomes_the_first_partition(filled_url: str) -> None:
    upgrade(alembic_config(filled_url), "head")
    found = partitions(filled_url)
    months = found.keys() - {"audit_access_old", "audit_access_default"}
    assert len(months) == 24
    assert found["audit_access_default"] == "DEFAULT"
    assert "FROM (MINVALUE) TO ('01" in found["audit_access_old"]
    end = found["audit_access_old"].split("TO ")[1]
    assert end == found[min(months)].split("FROM ")[1].split(" TO")[0]
    assert rows(filled_url, "SELECT count(*) FROM audit_access_old") == [(39,)]
    indexes = "SELECT count(*) FROM pg_index WHERE indrelid = '{}'::regclass"
    of_old, of_log = (
        rows(filled_url, indexes.format(table))
        for table in ("audit_access_old", "audit_access")
    )
    assert of_old == of_log  # none was built again


@pytest.mark.usefixtures("on_postgresql")
def test_each_partition_numbers_its_rows(filled_url: str) -> None:
    """With an index, by which they are sealed. So does the table of a downgrade."""
    config = alembic_config(filled_url)
    upgrade(config, NUMBERED)
    execute(filled_url, ACCESS.format(id=uuid7()))
    upgrade(config, "head")
    month = f"audit_access_{datetime.now(UTC).year + 1}_06"
    assert month in check_numbering(filled_url)
    insert = ACCESS.replace("audit_access", "{table}")
    lower = partitions(filled_url)[month].split("'")[1]
    for table, id in (("audit_access", FAR), (month, lower)):
        execute(filled_url, insert.format(table=table, id=id))
    before = rows(filled_url, NUMBERS)
    assert [number is None for _, number in before].count(False) == 3
    downgrade(config, NUMBERED)
    assert check_numbering(filled_url) == {"audit_access"}
    assert rows(filled_url, NUMBERS) == before
    upgrade(config, "head")
    check_numbering(filled_url)
    assert rows(filled_url, NUMBERS) == before


def check_numbering(url: str) -> set[str]:
    """Return the tables with accesses, all of which number and index their rows."""
    tables = {"audit_access", *partitions(url)}
    for query in (NUMBERING_TABLES, INDEXED_TABLES):
        assert {str(name) for (name,) in rows(url, query)} == tables
    return tables


@pytest.mark.usefixtures("on_postgresql")
def test_an_empty_table_has_months_only(empty_url: str) -> None:
    upgrade(alembic_config(empty_url), "head")
    found = partitions(empty_url)
    assert len(found) == 24 + 1
    assert f"audit_access_{datetime.now(UTC):%Y_%m}" in found
    execute(empty_url, ACCESS.format(id=uuid7()), ACCESS.format(id=FAR))
    (table,) = rows(
        empty_url,
        "SELECT tableoid::regclass::text FROM audit_access "
        "WHERE id < 'e0000000-0000-0000-0000-000000000000'",
    )
    assert table == (f"audit_access_{datetime.now(UTC):%Y_%m}",)
    assert rows(empty_url, "SELECT count(*) FROM audit_access_default") == [(1,)]


@pytest.mark.usefixtures("on_postgresql")
def test_ids_of_a_wrong_clock_do_not_stop_an_upgrade(filled_url: str) -> None:
    execute(filled_url, ACCESS.format(id=FAR))
    before = rows(filled_url, LOGGED)
    upgrade(alembic_config(filled_url), "head")
    assert rows(filled_url, LOGGED) == before
    assert rows(filled_url, "SELECT count(*) FROM audit_access_default") == [(1,)]
    assert rows(filled_url, "SELECT count(*) FROM audit_pruning") == [(0,)]
    check(alembic_config(filled_url))


@pytest.mark.usefixtures("on_postgresql")
def test_an_interrupted_upgrade_is_repeated(filled_url: str) -> None:
    """The steps before the exchange are not in its transaction."""
    execute(
        filled_url,
        f"ALTER TABLE audit_access ADD CONSTRAINT audit_access_before_months "
        f"CHECK (id < '{FAR}') NOT VALID",
        "CREATE INDEX ix_audit_access_partial_user_id ON audit_access (user_id)",
    )
    before = rows(filled_url, LOGGED)
    upgrade(alembic_config(filled_url), "head")
    assert rows(filled_url, LOGGED) == before
    constraints = "SELECT conname FROM pg_constraint WHERE conname ~ 'before_months'"
    assert rows(filled_url, constraints) == []
    check(alembic_config(filled_url))


@pytest.mark.usefixtures("on_postgresql")
def test_a_filled_table_is_read_outside_of_the_exchange(empty_url: str) -> None:
    sql = alembic(empty_url, "upgrade", f"{BEFORE}:head", "--sql")
    steps = [part for part in sql.split("COMMIT;") if "audit_access" in part]
    (validated,) = [part for part in steps if "VALIDATE CONSTRAINT" in part]
    assert "BEGIN;" not in validated.partition("VALIDATE CONSTRAINT")[0]
    (exchanged,) = [part for part in steps if "ATTACH PARTITION" in part]
    assert "CONCURRENTLY" not in exchanged.partition("BEGIN;")[2]
