"""A migration that says that it is compatible takes nothing from the release before."""

import re
from pathlib import Path

import pytest

from tests.core.db.compatibility.contractions import complaints
from tests.core.db.compatibility.migrations import Migrations
from tests.databases import alembic_config

pytestmark = pytest.mark.heavy
COLOR = 'sa.Column("color", sa.String(10)'
BATCH = 'import sqlalchemy as sa\n    with op.batch_alter_table("product") as it:\n'
WRONG = {
    "drop table idempotency_key": 'op.drop_table("idempotency_key")',
    "drop column product.stock": f'{BATCH}        it.drop_column("stock")',
    "require column product.color": f"{BATCH}        it.add_column({COLOR}, "
    "nullable=False))",
    "require column customer.phone": "import sqlalchemy as sa\n"
    '    with op.batch_alter_table("customer") as it:\n'
    '        it.alter_column("phone", existing_type=sa.String(16), nullable=False)',
    "narrow column product.sku": f'{BATCH}        it.alter_column("sku", '
    "existing_type=sa.String(64), type_=sa.String(9))",
    "unique product.name": 'op.create_index("ux", "product", ["name"], unique=True)',
}
RENAMED = f"""{BATCH}        it.alter_column("stock", new_column_name="count")"""
RIGHT = {
    "nullable": f"{BATCH}        it.add_column({COLOR}))",
    "default": f"{BATCH}        it.add_column({COLOR}, nullable=False, "
    'server_default=""))',
    "wider": f'{BATCH}        it.alter_column("sku", existing_type=sa.String(64), '
    "type_=sa.String(200))",
    "unique": 'op.create_index("ux", "product", ["id", "name"])',
}
SAID = '    pass\n\ncontracts = {"drop column product.stock"}\n'


def in_project(migrations: Migrations, code: str, compatible: bool = True) -> list[str]:
    """Return the complaints about a migration after those of the project."""
    if table := re.search(r'batch_alter_table\("(\w+)"\)', code):
        # SQLite copies the table, without its triggers.
        body, _, rest = code.partition("\n\n")
        code = f'{body}\n    op.restore_guarantees("{table[1]}")\n\n{rest}'
    migrations.add("wrong", compatible=compatible, upgrade=code)
    return complaints(migrations.config)


@pytest.fixture
def migrations(url: str, tmp_path: Path) -> Migrations:
    """The project's migrations on a database that has them already."""
    return Migrations(url, tmp_path)


def test_no_migration_of_the_project_is_compatible_by_mistake(empty_url: str) -> None:
    assert complaints(alembic_config(empty_url)) == []


@pytest.mark.parametrize("wrong", WRONG)
def test_a_contracting_migration_is_not_compatible(
    migrations: Migrations, wrong: str
) -> None:
    expected = [f"wrong says that it is compatible: {wrong}"]
    assert in_project(migrations, WRONG[wrong]) == expected


def test_a_rename_is_a_drop_and_a_required_column(migrations: Migrations) -> None:
    found = in_project(migrations, RENAMED)
    assert [each.partition(": ")[2] for each in found] == [
        "drop column product.stock",
        "require column product.count",
    ]


@pytest.mark.parametrize("right", RIGHT)
def test_an_expanding_migration_is_compatible(
    migrations: Migrations, right: str
) -> None:
    assert in_project(migrations, RIGHT[right]) == []


def test_a_migration_that_stops_the_release_before_may_contract(
    migrations: Migrations,
) -> None:
    assert in_project(migrations, RENAMED, compatible=False) == []


def test_a_column_that_is_no_longer_used_is_dropped_if_that_is_said(
    migrations: Migrations,
) -> None:
    dropping = WRONG["drop column product.stock"]
    assert in_project(migrations, f"{dropping}\n{SAID}") == []


def test_a_migration_does_what_it_says(migrations: Migrations) -> None:
    expected = ["wrong does not do what it says: drop column product.stock"]
    assert in_project(migrations, SAID.strip()) == expected
