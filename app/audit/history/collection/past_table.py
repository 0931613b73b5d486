"""A table as it was: a query of the columns that a list needs.

The database computes it from the live rows, with the later changes undone. The columns
that are derived from others are not in the log; their past values are a parameter.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    case,
    func,
    or_,
    select,
    union_all,
)

from app.audit.history.collection.recorded import RecordedValues
from app.audit.history.collection.scope import RECORD, Scope
from app.audit.models import Action
from app.audit.repository import CHANGES
from app.core.db.derived.columns import DERIVATION

VERSION = CHANGES.c.version


class PastTable:
    def __init__(
        self, scope: Scope, columns: Iterable[Any], derived: CTE | None = None
    ) -> None:
        self.scope, self.table = scope, scope.table
        self.recorded = RecordedValues(scope.dialect, scope.model)
        self.columns = [it for it in columns if it.key != "id"]
        self.derived = derived
        self.undo = self.undo_query()

    def undo_query(self) -> CTE:
        """Return the first change after then of each record.

        `first` is its version, `inserted` that of the first INSERT. The others are the
        first change of a column, with the value of then.
        """
        names = {name for it in self.columns for name in sources_of(it)}
        values = {
            "first": func.min(VERSION),
            "inserted": func.min(VERSION).filter(CHANGES.c.action == Action.INSERT),
        } | {name: self.recorded.earliest(name) for name in sorted(names)}
        labels = (value.label(name) for name, value in values.items())
        query = select(RECORD.label("record"), *labels)
        grouped = query.where(*self.scope.later(), VERSION > 0).group_by(RECORD)
        return grouped.cte("undo")

    def rows(self) -> FromClause:
        """Return the rows that existed then, those that were deleted since included."""
        return union_all(self.live(), self.deleted()).subquery(self.table.name)

    def live(self) -> Select[Any]:
        id, undo = self.table.c.id, self.undo
        rows = self.table.outerjoin(undo, undo.c.record == id)
        values = [self.value(it).label(it.key) for it in self.columns]
        query = select(id, *values).select_from(self.with_derived(rows))
        existed = or_(undo.c.first.is_(None), self.existed())
        return query.where(existed, *self.scope.has(id))

    def deleted(self) -> Select[Any]:
        id, record = self.table.c.id, self.undo.c.record
        values = [self.old(it).label(it.key) for it in self.columns]
        rows = select(record.label("id"), *values)
        query = rows.select_from(self.with_derived(self.undo))
        return query.where(self.existed(), ~select(id).where(id == record).exists())

    def changed(self) -> Select[Any]:
        """Return the rows of which a column has another value by now."""
        rows = self.undo.outerjoin(self.table, self.table.c.id == self.undo.c.record)
        values = [self.value(it).label(it.key) for it in self.columns]
        query = select(self.undo.c.record.label("id"), *values).select_from(rows)
        return query.where(self.existed(), or_(*map(self.has_changed, self.columns)))

    def late(self) -> Select[Any]:
        """Return the query of a record that changed after the derived values were read.

        It has none of them, so a list is wrong that was read since.
        """
        assert self.derived is not None  # noqa: S101  it is asked for with them only
        derived = [it for it in self.columns if it.key in self.derived.c]
        late = or_(*map(self.has_changed, derived)) & self.derived.c.id.is_(None)
        query = select(self.undo.c.record).select_from(self.with_derived(self.undo))
        return query.where(self.existed(), late).limit(1)

    def existed(self) -> ColumnElement[bool]:
        """Return whether the first change after then is no INSERT."""
        first, inserted = self.undo.c.first, self.undo.c.inserted
        return or_(inserted.is_(None), inserted > first)

    def with_derived(self, rows: FromClause) -> FromClause:
        if self.derived is None:
            return rows
        return rows.outerjoin(self.derived, self.derived.c.id == self.undo.c.record)

    def value(self, column: Any) -> ColumnElement[Any]:
        return case((self.has_changed(column), self.old(column)), else_=column)

    def has_changed(self, column: Any) -> ColumnElement[bool]:
        return or_(*(self.undo.c[name].is_not(None) for name in sources_of(column)))

    def old(self, column: Any) -> ColumnElement[Any]:
        if self.derived is not None and column.key in self.derived.c:
            derived: ColumnElement[Any] = self.derived.c[column.key]
            return derived
        return self.recorded.stored(self.undo.c[column.key], column)


def sources_of(column: Any) -> Iterator[str]:
    """Return the recorded columns that the value of this one follows from."""
    derivation = column.info.get(DERIVATION)
    yield from derivation.sources if derivation else [column.key]
