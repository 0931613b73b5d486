"""Autogenerate's first value of a migration's `compatible_with_previous`."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.command import check, revision
from alembic.operations import ops
from alembic.util import CommandError
from sqlmodel import SQLModel

from app.core.db.compatibility.comparison import RETIRED
from app.core.db.compatibility.operations import find_obstacles
from app.core.db.guarantees.operations import RestoreGuaranteesOp
from tests.core.db.compatibility.migrations import Migrations

pytestmark = pytest.mark.slow

COLUMN = sa.Column("color", sa.String(10), nullable=True)
REQUIRED = sa.Column("color", sa.String(10), nullable=False)
DEFAULT = sa.Column("color", sa.String(10), nullable=False, server_default="")
NEW_TABLE = ops.CreateTableOp("paint", [sa.Column("id", sa.Uuid())])
NEW_COLUMN = ops.AddColumnOp("product", COLUMN)
COMPATIBLE: list[list[ops.MigrateOperation]] = [
    [NEW_TABLE, ops.CreateUniqueConstraintOp("uq_paint_id", "paint", ["id"])],
    [NEW_TABLE, RestoreGuaranteesOp("paint", ["is missing"])],
    [NEW_COLUMN, ops.CreateIndexOp("ix_product_color", "product", ["color"])],
    [ops.AddColumnOp("product", DEFAULT), RestoreGuaranteesOp("product")],
    [NEW_COLUMN, ops.CreateForeignKeyOp("fk", "product", "paint", ["color"], ["id"])],
]
OBSTACLES: dict[str, ops.MigrateOperation] = {
    "add column product.color": ops.AddColumnOp("product", REQUIRED),
    "drop column product.color": ops.DropColumnOp("product", "color"),
    "alter column product.color": ops.AlterColumnOp(
        "product", "color", modify_nullable=False
    ),
    "drop table on product": ops.DropTableOp("product"),
    "rename table on product": ops.RenameTableOp("product", "goods"),
    "create index on product": ops.CreateIndexOp(
        "ix_product_color", "product", ["color"], unique=True
    ),
    "create foreign key on product": ops.CreateForeignKeyOp(
        "fk", "product", "paint", ["name"], ["id"]
    ),
    "create check constraint on product": ops.CreateCheckConstraintOp(
        "ck_product_name", "product", "name > ''"
    ),
    "restore guarantees on product": RestoreGuaranteesOp("product", ["differs"]),
}


def obstacles(operations: list[ops.MigrateOperation]) -> list[str]:
    nested = ops.ModifyTableOps("product", operations)
    upgrade, downgrade = ops.UpgradeOps([nested]), ops.DowngradeOps([])
    return list(find_obstacles(ops.MigrationScript("a", upgrade, downgrade)))


@pytest.mark.parametrize("operations", COMPATIBLE)
def test_additions_are_compatible(operations: list[ops.MigrateOperation]) -> None:
    assert obstacles(operations) == []


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_other_operations_are_not(obstacle: str) -> None:
    operation = OBSTACLES[obstacle]
    if not isinstance(operation, ops.AddColumnOp):
        assert obstacles([NEW_TABLE, operation]) == [obstacle]
    assert obstacles([operation]) == [obstacle]


@pytest.mark.parametrize(
    ("statement", "lines"),
    [
        ("DROP INDEX ix_product_name_sort", ["compatible_with_previous = True"]),
        (
            "ALTER TABLE product ADD COLUMN color TEXT",
            [
                "# It may fail after: drop column product.color.",
                "# It may fail after: fill derived on product.",
                "compatible_with_previous = False",
            ],
        ),
    ],
)
def test_a_generated_migration_states_it(
    url: str, tmp_path: Path, statement: str, lines: list[str]
) -> None:
    migrations = Migrations(url, tmp_path)
    migrations.execute(statement)
    folder = str(migrations.folder)
    revision(migrations.config, "a", autogenerate=True, version_path=folder)
    (file,) = migrations.folder.glob("*.py")
    assert "\n".join(lines) in file.read_text()


def test_a_retired_column_is_not_dropped(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model has lost it, and the release before still uses it."""
    migrations = Migrations(url, tmp_path)
    migrations.execute("ALTER TABLE product ADD COLUMN color TEXT")
    with pytest.raises(CommandError, match="color"):
        check(migrations.config)
    product = SQLModel.metadata.tables["product"]
    monkeypatch.setitem(product.info, RETIRED, {"color"})
    check(migrations.config)


def test_an_empty_migration_is_not_assumed_compatible(tmp_path: Path) -> None:
    migrations = Migrations(f"sqlite:///{tmp_path}/a.db", tmp_path)
    revision(migrations.config, "a", version_path=str(migrations.folder))
    (file,) = migrations.folder.glob("*.py")
    assert "compatible_with_previous = False" in file.read_text()
