"""Alembic operation `op.fill_derived()`, for derived columns that are new or changed.

alembic/env.py imports this module, which makes the operation available to migrations:
they must not import the application.
"""

from collections.abc import Iterable, Mapping

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, Operations

from app.core.db.derived.columns import Derivation
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
