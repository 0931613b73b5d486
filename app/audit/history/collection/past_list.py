"""The past of a list: the ids of its records, by its filters, its search and order."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Select,
    SelectBase,
    Table,
    func,
    select,
)
from sqlalchemy.sql import visitors

from app.audit.history.collection.derived_values import DerivedValues
from app.audit.history.collection.past_table import PastTable, sources_of
from app.audit.history.collection.scope import Scope
from app.audit.personal.past_values import is_read_outside
from app.audit.settled.queries import BEGINNING
from app.audit.settled.repository import SettledRepository
from app.core.db.derived.columns import SEARCH_TEXT
from app.core.db.filters import COUNT, Conditions, build_conditions, build_order
from app.core.db.personal.key_urls import key_url_of
from app.core.db.search.matches import contain_all
from app.core.db.search.words import split_words
from app.core.db.session import DatabaseSession
from app.core.exceptions import ValidationFailedException
from app.core.models import Entity
from app.core.pagination import PageQuery

LIVE_ONLY = "Cannot be combined with {name}, which depends on other tables"


class PastList:
    def __init__(
        self,
        session: DatabaseSession,
        model: type[Entity],
        conditions: Conditions,
        query: PageQuery,
    ) -> None:
        """Build the conditions of the query, and its order.

        Raises:
            ValidationFailedException: one of them is not about the table alone.
        """
        self.session, self.model, self.table = session, model, model.__table__
        searchable = SEARCH_TEXT in self.table.c
        self.words = split_words(query.q or "") if searchable else []
        filters = [*build_conditions(self.table, query, conditions)]
        for name, condition in zip(query.filters(), filters, strict=True):
            check_own(name, condition, self.table)
        self.where = [*filters, *contain_all(self.table, self.words)]
        self.order = [*build_order(self.table, query.sort)]
        self.columns = columns_of([*self.where, *self.order], self.table)
        self.query, self.made = query, dict[Scope, PastTable]()
        self.settled, self.begun = SettledRepository(session), BEGINNING
        self.visible: Sequence[ColumnElement[bool]] = ()

    @property
    def names(self) -> set[str]:
        """The recorded columns that the list is filtered and sorted by."""
        return {name for it in self.columns for name in sources_of(it)}

    async def rows(self, scope: Scope) -> FromClause:
        """Return the rows as of then, with the columns that the list needs."""
        if scope not in self.made:
            self.made[scope] = await self.make_table(scope)
        return self.made[scope].rows()

    async def is_outdated(self, scope: Scope) -> bool:
        """Return whether a record has changed while the rows were made and read.

        They are made again then.
        """
        table = self.made[scope]
        if table.derived is None or not await self.settled.has_after(self.begun):
            return False
        if await self.session.value(table.late()) is None:
            return False
        del self.made[scope]
        return True

    async def make_table(self, scope: Scope) -> PastTable:
        given = self.model, key_url_of(self.session)
        derived = [it for it in self.columns if is_read_outside(it, *given)]
        values = DerivedValues(self.session, derived, self.words)
        if derived and not self.made:
            self.begun = await self.settled.get_complete()
        table = await values.read(scope) if derived else None
        return PastTable(scope, self.columns, table)

    def ids(self, rows: FromClause) -> Select[Any]:
        """Return the query of the ids, in the order of the list."""
        query = select(rows.c.id).where(*self.shown(rows))
        return query.order_by(*self.on(rows, self.order))

    def count(self, rows: FromClause) -> Select[Any]:
        query = select(func.count().label(COUNT)).select_from(rows)
        return query.where(*self.shown(rows))

    def shown(self, rows: FromClause) -> Iterator[Any]:
        """Yield the conditions of the list, and that the caller may read the record.

        That is a matter of the present: so deleted records are hidden as well.
        """
        yield from self.on(rows, self.where)
        if self.visible:
            yield rows.c.id.in_(select(self.table.c.id).where(*self.visible))

    def on(self, rows: FromClause, expressions: Sequence[Any]) -> Iterator[Any]:
        """Yield the expressions with the columns of these rows for the table's own."""

        def replace(element: Any, **_: Any) -> Any:
            return rows.c[element.key] if is_column(element, self.table) else None

        for each in expressions:
            yield visitors.replacement_traverse(each, {}, replace)


def check_own(name: str, condition: ColumnElement[bool], table: Table) -> None:
    for element in visitors.iterate(condition):
        is_foreign = isinstance(element, Column) and not is_column(element, table)
        if is_foreign or isinstance(element, SelectBase):
            msg = LIVE_ONLY.format(name=name)
            loc = ("query", "as_of")
            raise ValidationFailedException([{"loc": loc, "type": "past", "msg": msg}])


def columns_of(expressions: Iterable[Any], table: Table) -> list[Column[Any]]:
    """Return the columns of the table that occur in the expressions."""
    found = {
        element.key
        for expression in expressions
        for element in visitors.iterate(expression)
        if isinstance(element, Column) and is_column(element, table)
    }
    return [column for column in table.c if column.key in found]


def is_column(element: Any, table: Table) -> bool:
    return isinstance(element, Column) and table.c.contains_column(element)
