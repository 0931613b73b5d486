"""FTS5 merges the parts of a search index rarely, and never many rows at once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal

import pytest
from alembic.command import downgrade, upgrade
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, create_engine, make_url

from app.core.db.database import Database
from app.core.db.guarantees.operations import RestoreGuaranteesOp
from app.core.db.search.index import index_names
from app.core.db.sqlite.inserts import PARAMETERS, inserts
from app.modules.products.repository import ProductRepository
from tests.databases import alembic_config

OURS = {"automerge": 8, "crisismerge": 64}
DEFAULTS = {"automerge": 4, "crisismerge": 16}


@pytest.fixture
def sqlite(url: str) -> str:
    """Return the URL of the database, which is one of SQLite."""
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL has another index")
    return url


@contextmanager
def connect(url: str) -> Iterator[Connection]:
    # Not the application's engine: its guard rejects writes without an audit.
    with create_engine(f"sqlite:///{make_url(url).database}").begin() as connection:
        yield connection


def options(url: str) -> dict[str, dict[str, int]]:
    """Return the options of each search index."""
    with connect(url) as connection:
        tables = {it for it in index_names(connection) if it.endswith("_config")}
        return {
            table: dict(
                connection.exec_driver_sql(
                    f"SELECT k, v FROM {table} WHERE k <> 'version'"  # noqa: S608
                ).all()
            )
            for table in tables
        }


def test_each_index_has_the_options(sqlite: str) -> None:
    found = options(sqlite)
    assert len(found) >= 5
    assert [*found.values()] == [OURS] * len(found)


def test_an_upgrade_sets_them_and_a_downgrade_resets_them(sqlite: str) -> None:
    downgrade(alembic_config(sqlite), "5e7c31a9d802")
    assert options(sqlite)["product_search_config"] == DEFAULTS
    upgrade(alembic_config(sqlite), "head")
    assert [*options(sqlite).values()] == [OURS] * len(options(sqlite))


def test_a_new_index_has_them(sqlite: str) -> None:
    with connect(sqlite) as connection:
        connection.exec_driver_sql("DROP TABLE product_search")
        operations = Operations(MigrationContext.configure(connection))
        operations.invoke(RestoreGuaranteesOp("product"))
    assert options(sqlite)["product_search_config"] == OURS


@pytest.mark.anyio
async def test_rows_of_one_insert_are_one_part(sqlite: str, database: Database) -> None:
    rows = [
        {"sku": f"PEN-{number}", "name": f"Pen {number}", "price": Decimal(number)}
        for number in range(60)
    ]
    async with database.writing() as session:
        await ProductRepository(session).create_many(rows)
    with closing(sqlite3.connect(make_url(sqlite).database or "")) as connection:
        parts = "SELECT count(DISTINCT segid) FROM product_search_idx"
        assert connection.execute(parts).fetchone() == (1,)
        found = connection.execute("SELECT sku, name FROM product ORDER BY rowid")
        assert found.fetchall() == [(row["sku"], row["name"]) for row in rows]


@pytest.mark.parametrize("count", [1, 2, 333, 334, 1_000])
@pytest.mark.parametrize("width", [1, 3, 7])
def test_every_row_is_inserted_once(count: int, width: int) -> None:
    columns = ", ".join(f"c{number}" for number in range(width))
    values = ", ".join("?" * width)
    rows = [tuple(range(row, row + width)) for row in range(count)]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        sql = f"INSERT INTO t ({columns}) VALUES ({values})"  # noqa: S608
        for statement, parameters in inserts(sql, rows):
            assert len(parameters) <= PARAMETERS
            connection.execute(statement, parameters)
        assert connection.execute("SELECT * FROM t ORDER BY rowid").fetchall() == rows


def test_a_row_of_many_columns_has_a_statement_of_its_own() -> None:
    row = [0] * (PARAMETERS + 1)
    sql = f"INSERT INTO t VALUES ({', '.join('?' * len(row))})"  # noqa: S608
    assert [*inserts(sql, [row, row])] == [(sql, row), (sql, row)]
