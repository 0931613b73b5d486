"""Search texts that the changes of a migration make stale: autogenerate fills them."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import render_python_code
from alembic.operations.ops import (
    AddColumnOp,
    DropColumnOp,
    MigrateOperation,
    UpgradeOps,
)

from app.core.db.derived.operations import fills_of


def added(name: str, kind: sa.types.TypeEngine[Any]) -> AddColumnOp:
    return AddColumnOp("product", sa.Column(name, kind))


def dropped(name: str, kind: sa.types.TypeEngine[Any]) -> DropColumnOp:
    return DropColumnOp("product", name, _reverse=added(name, kind))


TEXT, NUMBER = sa.String(20), sa.Integer()
CASES: list[tuple[MigrateOperation, set[str], list[str]]] = [
    # A former column may have been searched, and no number was.
    (dropped("color", TEXT), set(), ["sku", "name", "description"]),
    (dropped("weight", NUMBER), set(), []),
    # In a downgrade the column is one of the model.
    (dropped("name", TEXT), set(), ["sku", "description"]),
    (dropped("stock", NUMBER), set(), []),
    (added("description", TEXT), {"description"}, ["sku", "name", "description"]),
    (added("description", TEXT), set(), []),
    (added("barcode", TEXT), {"barcode"}, []),
]


@pytest.mark.parametrize(("change", "filled", "sources"), CASES)
def test_a_search_text_is_filled_where_its_sources_change(
    change: MigrateOperation, filled: set[str], sources: list[str]
) -> None:
    fills = fills_of("product", [change], filled)
    rendered = render_python_code(UpgradeOps(ops=fills))
    expected = f"op.fill_derived(\"product\", {{'search_text': {sources}}})"
    assert (expected in rendered) is bool(sources)
    assert bool(fills) is bool(sources)


def test_a_table_without_a_search_text_is_not_filled() -> None:
    assert fills_of("role_permission", [dropped("action", TEXT)], set()) == []
    assert fills_of("unknown", [dropped("color", TEXT)], set()) == []
