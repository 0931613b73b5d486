"""Alembic operation `op.fill_derived()`, for derived columns that are new or changed.

alembic/env.py imports this module, which makes the operation available to migrations:
they must not import the application.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, Operations
from alembic.operations.ops import AddColumnOp, DropColumnOp
from sqlalchemy import String
from sqlmodel import SQLModel

from app.core.db.derived.columns import (
    DERIVATION,
    SEARCH_TEXT,
    Derivation,
    derivations_of,
)
from app.core.db.derived.rebuild import Rebuild

OFFLINE = "-- Run `python scripts/rebuild_search.py` after this script.\n"


@Operations.register_operation("fill_derived")
class FillDerivedOp(MigrateOperation):
    """Compute derived columns of the rows that exist."""

    def __init__(self, table: str, sources: Mapping[str, Iterable[str]]) -> None:
        self.table = table
        self.derivations = [
            Derivation(name, tuple(each)) for name, each in sources.items()
        ]

    @classmethod
    def fill_derived(
        cls, operations: Operations, table: str, sources: Mapping[str, Iterable[str]]
    ) -> None:
        """`sources` maps each derived column to those that it is computed from."""
        operations.invoke(cls(table, sources))

    def to_diff_tuple(self) -> tuple[Any, ...]:
        return ("fill_derived", self.table, *(each.name for each in self.derivations))


@Operations.implementation_for(FillDerivedOp)
def fill(operations: Operations, op: FillDerivedOp) -> None:
    context = operations.get_context()
    if context.as_sql:
        context.impl.static_output(OFFLINE)
    else:
        Rebuild(operations.get_bind(), op.table, op.derivations).run()


@renderers.dispatch_for(FillDerivedOp)
def render(_: AutogenContext, op: FillDerivedOp) -> str:
    sources = {each.name: [*each.sources] for each in op.derivations}
    return f'op.fill_derived("{op.table}", {sources})  # type: ignore[attr-defined]'


def fills_of(
    table: str, changes: Iterable[MigrateOperation], filled: set[str]
) -> list[MigrateOperation]:
    """Return the operation that computes what these changes of a table make stale.

    `filled` are the new columns that have a value in the rows that exist.
    """
    dropped = {it.column_name: it for it in changes if isinstance(it, DropColumnOp)}
    derived = [
        it.column.info[DERIVATION]
        for it in changes
        if isinstance(it, AddColumnOp) and DERIVATION in it.column.info
    ]
    for each in search_texts(table, {*dropped, *(it.name for it in derived)}):
        if {*each.sources} & {*dropped, *filled} or any(
            may_be_searched(it, table) for it in dropped.values()
        ):
            derived.append(each)
    sources = {it.name: [n for n in it.sources if n not in dropped] for it in derived}
    return [FillDerivedOp(table, sources)] if sources else []


def search_texts(table: str, others: set[str]) -> Iterator[Derivation]:
    """Yield the derivation of a search text that is neither added nor dropped."""
    found = SQLModel.metadata.tables.get(table)
    for each in () if found is None else derivations_of(found):
        if each.name == SEARCH_TEXT and each.name not in others:
            yield each


def may_be_searched(op: DropColumnOp, table: str) -> bool:
    """Return whether the search text may have a dropped column, which no model has."""
    is_gone = op.column_name not in SQLModel.metadata.tables[table].c
    return is_gone and isinstance(op.to_column().type, String)
