"""Past states of records: the current rows, with later changes undone."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import bindparam, func, select

from app.audit.archive.rows.reading import read_log
from app.audit.history.changes import read_changes
from app.audit.history.column_repository import ColumnRepository
from app.audit.history.columns import State, present_values, unmapped_names
from app.audit.history.gaps import Gaps, complete
from app.audit.history.moments import Moment, is_named, of_model, of_records
from app.audit.history.pages import HistoryPages
from app.audit.history.schemas import HistoryQuery
from app.audit.models import Action
from app.audit.repository import CHANGES, from_clause
from app.audit.shown.documents import values_of
from app.core.db.derived.columns import base_columns
from app.core.db.driver.compiled import Row
from app.core.db.driver.statements import Prepared
from app.core.db.session import DatabaseSession
from app.core.fields import INT32
from app.core.models import Entity, recorded_names

LATEST = datetime.max.replace(tzinfo=UTC)


class HistoryRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session
        self.columns = ColumnRepository(session)

    async def of_record(
        self, model: type[Entity], id: UUID, query: HistoryQuery
    ) -> list[Row]:
        """Return a record's changes, newest first, and one more than the limit."""
        below = INT32 + 1 if query.cursor is None else query.cursor
        values = {"id": id, "last": below - 1, "limit": query.limit + 1}
        changes = history_query(recorded_names(model), query.include)
        return await read_log(self.session, changes, values)

    async def state(self, model: type[Entity], id: UUID, then: Moment) -> State | None:
        """Return a record's values as of then; None if it did not exist."""
        return (await self.states(model, {id}, then)).get(id)

    async def states(
        self, model: type[Entity], ids: set[UUID], then: Moment
    ) -> dict[UUID, State]:
        """Return the values as of then of those records that existed.

        Undoing the later changes needs no older ones, which may be archived. A column
        whose value then is unknown has its default, or is left out.
        """
        if not ids:
            return {}
        states: dict[UUID, State | None] = {**await self.live(model, ids)}
        names: dict[UUID, set[str]] = {}
        async for change in self.changes_after(model, ids, then):
            id = change["entity_id"]
            states[id] = undone(model, change, states.get(id))
            names.setdefault(id, set()).update(values_of(change["old"]))
        existing = {id: state for id, state in states.items() if state is not None}
        gaps = await self.columns.gaps(model, existing.keys(), then)
        return {
            id: complete(model, state, with_names(model, gaps[id], names.get(id, ())))
            for id, state in existing.items()
        }

    async def live(self, model: type[Entity], ids: set[UUID]) -> dict[UUID, State]:
        table = model.__table__
        query = select(*base_columns(table)).where(table.c.id.in_(ids))
        return {row["id"]: row for row in await self.session.rows(query)}

    async def changes_after(
        self, model: type[Entity], ids: set[UUID], then: Moment
    ) -> AsyncIterator[Row]:
        """Yield the changes made after then, the newest of each record first.

        They are selected by version, because the clocks of two hosts may differ.
        """
        last = await self.last_versions(model, ids, then)
        earliest = min(last.get(id, 0) for id in ids)
        later = select(CHANGES).where(of_model(model), CHANGES.c.version > earliest)
        async for change in HistoryPages(self.session, later).read(ids):
            if change["version"] > last.get(change["entity_id"], 0):
                yield change

    async def last_versions(
        self, model: type[Entity], ids: set[UUID], then: Moment
    ) -> dict[UUID, int]:
        """Return the versions that the records had then, as far as the log knows."""
        newest = func.max(CHANGES.c.version).label("version")
        made = select(CHANGES.c.entity_id, newest).group_by(CHANGES.c.entity_id)
        query = made.where(*of_records(model, ids), then.made)
        rows = await read_changes(self.session, query)
        return {row["entity_id"]: row["version"] for row in rows}

    async def last_change(self, model: type[Entity], id: UUID) -> Row | None:
        query = select(CHANGES).where(*of_records(model, {id}))
        return await self.columns.first(query.order_by(CHANGES.c.version.desc()))

    async def change_to(
        self, model: type[Entity], id: UUID, version: int
    ) -> Row | None:
        records = of_records(model, {id})
        made = select(CHANGES).where(*records, CHANGES.c.version == version)
        return await self.columns.first(made)

    async def version_end(self, model: type[Entity], id: UUID, version: int) -> Moment:
        """Return the last moment of a version: migrations since its start are in it.

        The next change shows what it replaced, so its time is the last moment.
        """
        made = CHANGES.c.version <= version
        first = select(func.min(CHANGES.c.at).label("at")).where(~made)
        (row,) = await read_changes(self.session, first.where(*of_records(model, {id})))
        return Moment(made, row["at"] or LATEST)


@lru_cache
def history_query(names: tuple[str, ...], include: str | None) -> Prepared:
    """Return the query of the changes of one record, up to the version `last`."""
    log = from_clause(CHANGES, include)
    of_record = is_named(log.c.entity, names), log.c.entity_id == bindparam("id")
    rows = select(log).where(*of_record, log.c.version <= bindparam("last"))
    return Prepared(rows.order_by(log.c.version.desc()).limit(bindparam("limit")))


def undone(model: type[Entity], change: Row, state: State | None) -> State | None:
    if change["action"] == Action.INSERT:
        return None
    old = present_values(model, change["old"])
    if change["action"] == Action.DELETE:
        return old
    return {**(state or {}), **old, "version": change["version"] - 1}


def with_names(model: type[Entity], gaps: Gaps, names: Iterable[str]) -> Gaps:
    return replace(gaps, unmapped=gaps.unmapped | unmapped_names(model, names))


def deleted_state(model: type[Entity], deletion: Row) -> State:
    """Return the values of a deleted record, with the defaults of later columns."""
    old = values_of(deletion["old"])
    gaps = Gaps(unmapped=unmapped_names(model, old))
    return complete(model, present_values(model, old), gaps)
