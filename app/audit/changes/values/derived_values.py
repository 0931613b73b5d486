"""Derived columns of rows that a bulk UPDATE has changed."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, update

from app.audit.changes.snapshots import Values
from app.audit.changes.tables import recorded
from app.core.db.derived.columns import derivations_of
from app.core.models import Entity

ID = "id of the row"


def update_derived(
    connection: Connection,
    model: type[Entity],
    before: dict[UUID, Values],
    after: dict[UUID, Values],
) -> None:
    """Write the derived values that follow from another value than before."""
    table = model.__table__
    for derivation in derivations_of(table):
        values = [
            {ID: id, derivation.name: derivation.value(row)}
            for id, row in after.items()
            if any(row[name] != before[id][name] for name in derivation.sources)
        ]
        if values:
            statement = update(table).where(table.c.id == bindparam(ID))
            kept = statement.values({table.c.updated_at: table.c.updated_at})
            write = kept.values({derivation.name: bindparam(derivation.name)})
            options: Any = recorded(table.name)
            connection.execute(write, values, execution_options=options)
