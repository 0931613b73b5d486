"""Order of a list by columns, and the condition for the rows after a given one.

An offset would read all rows before it again, for each batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, or_

from app.core.db.filters import order_of

Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Term:
    """A term of ORDER BY, NULLS LAST; rows have its value as `label`."""

    label: str
    column: ColumnElement[Any]
    descends: bool
    nullable: bool

    def order(self) -> ColumnElement[Any]:
        ordered = self.column.desc() if self.descends else self.column.asc()
        return ordered.nulls_last() if self.nullable else ordered

    def same(self, value: Any) -> Condition:
        return self.column.is_(None) if value is None else self.column == value

    def after(self, value: Any) -> Condition | None:
        """Return the condition for values that follow this one, besides NULL."""
        if value is None:
            return None
        later: Condition = self.column < value if self.descends else self.column > value
        return later

    def since(self, value: Any) -> Condition:
        """Return the condition for this value and those that follow, besides NULL."""
        if value is None:
            return self.column.is_(None)
        from_here: Condition = (
            self.column <= value if self.descends else self.column >= value
        )
        return from_here


def terms_of(table: Table, sort: Sequence[str]) -> list[Term]:
    """Return the terms of the list's order. The id is the last of them."""
    terms = [term_of(table, name, place) for place, name in enumerate(sort)]
    return [*terms, Term("id", table.c.id, descends=True, nullable=False)]


def term_of(table: Table, name: str, place: int) -> Term:
    column = order_of(table, name.removeprefix("-"))
    nullable = bool(table.c[name.removeprefix("-")].nullable)
    return Term(f"sorted_by_{place}", column, name.startswith("-"), nullable)


def rows_after(terms: Sequence[Term], row: Mapping[str, Any]) -> Condition:
    """Return the condition for the rows after this one, up to NULLs of the first term.

    A single range of the first term, so that its index finds the first row at once.
    """
    first, *others = terms
    value = row[first.label]
    later = first.after(value)
    ties = and_(first.same(value), after(others, row)) if others else None
    either = [each for each in (later, ties) if each is not None]
    return and_(first.since(value), or_(*either)) if others else either[0]


def after(terms: Sequence[Term], row: Mapping[str, Any]) -> Condition:
    first, *others = terms
    value = row[first.label]
    either = [first.after(value)]
    if first.nullable and value is not None:
        either.append(first.column.is_(None))
    if others:
        either.append(and_(first.same(value), after(others, row)))
    return or_(*(each for each in either if each is not None))


def nulls_of(terms: Sequence[Term]) -> Condition:
    """Return the condition for the rows that come last: with NULL as the first term."""
    return terms[0].column.is_(None)
