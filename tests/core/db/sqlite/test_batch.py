"""Batch blocks of migrations that rename a column."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util import CommandError

from app.core.db.sqlite.batch import RenamingImpl

TEXT = sa.String(10)


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        table = "CREATE TABLE t (id INTEGER, label TEXT, size TEXT)"
        connection.execute(sa.text(table))
        connection.execute(sa.text("CREATE INDEX old ON t (label)"))
        connection.execute(sa.text("INSERT INTO t VALUES (1, 'a', 'b')"))
        yield connection
    engine.dispose()  # Python 3.13 warns of a connection that is left open


def test_a_column_is_renamed_and_indexed_in_one_block(
    connection: sa.Connection,
) -> None:
    context = MigrationContext.configure(connection)
    assert isinstance(context.impl, RenamingImpl)
    with Operations(context).batch_alter_table("t") as batch:
        batch.alter_column("label", new_column_name="name", existing_type=TEXT)
        batch.create_index("new", ["name", "size"], unique=True)
        batch.create_unique_constraint("uq", ["size"])
    rows = connection.execute(sa.text("SELECT id, name, size FROM t")).all()
    assert rows == [(1, "a", "b")]
    indexes = {each["name"]: each for each in sa.inspect(connection).get_indexes("t")}
    assert indexes["old"]["column_names"] == ["name"]
    assert indexes["new"]["column_names"] == ["name", "size"]
    assert indexes["new"]["unique"]


def test_a_constraint_is_not_lost_silently(connection: sa.Connection) -> None:
    operations = Operations(MigrationContext.configure(connection))
    block = operations.batch_alter_table("t")
    batch = block.__enter__()
    batch.alter_column("label", new_column_name="name", existing_type=TEXT)
    batch.create_unique_constraint("uq", ["name"])
    with pytest.raises(CommandError, match="column of uq in an earlier block"):
        block.__exit__(None, None, None)
