"""Computation of the derived columns of a whole table, in batches."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    select,
    table,
    update,
)

from app.core.db.derived.columns import Derivation

BATCH = 10_000
ID = "id of the row"
# Alembic's command line shows it.
logger = logging.getLogger("alembic.runtime.migration.derived")


class Rebuild:
    """Rebuild of a table's derived columns, as they are at one migration.

    The table is described here: a model may have other columns by now, and a default
    for `updated_at`.
    """

    def __init__(
        self, connection: Connection, name: str, derivations: Sequence[Derivation]
    ) -> None:
        self.connection, self.derivations = connection, derivations
        self.names = [each.name for each in derivations]
        sources = {name for each in derivations for name in each.sources}
        texts = (column(each, Text()) for each in (*sources, *self.names))
        self.table = table(name, column("id", Uuid()), *texts)

    def run(self) -> int:
        """Write each value that is not as derived; return how many rows had one."""
        key = self.table.c.id == bindparam(ID)
        given: dict[str, Any] = {name: bindparam(name) for name in self.names}
        statement = update(self.table).where(key).values(given)
        count = select(func.count()).select_from(self.table)
        total, done, written = self.connection.scalar(count), 0, 0
        for batch in self.batches():
            changed = [values for row in batch if (values := self.changes(row))]
            if changed:
                self.connection.execute(statement, changed)
            done, written = done + len(batch), written + len(changed)
            logger.info("%s: %s of %s rows", self.table.name, done, total)
        return written

    def batches(self) -> Iterator[Sequence[Any]]:
        key = self.table.c.id
        query = select(self.table).order_by(key).limit(BATCH)
        after = query
        while rows := self.connection.execute(after).mappings().all():
            yield rows
            after = query.where(key > rows[-1]["id"])

    def changes(self, row: Any) -> dict[str, Any] | None:
        values = {each.name: each.value(row) for each in self.derivations}
        if all(row[name] == value for name, value in values.items()):
            return None
        return {ID: row["id"], **values}
