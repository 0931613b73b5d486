"""Past states of records: the current rows, with later changes undone."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.history.column_repository import ColumnRepository, Moment, of_model
from app.audit.history.columns import State, present_values, unmapped_names
from app.audit.history.gaps import Gaps, complete
from app.audit.history.schemas import HistoryQuery
from app.audit.models import Action, AuditChange
from app.audit.repository import CHANGES, from_clause
from app.core.models import Entity

LATEST = datetime.max.replace(tzinfo=UTC)


def until(instant: datetime) -> Moment:
    return Moment(CHANGES.c.at <= instant, instant)


def just_before(instant: datetime) -> Moment:
    return Moment(CHANGES.c.at < instant, instant)


class HistoryRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.columns = ColumnRepository(session)

    async def of_record(
        self, model: type[Entity], id: UUID, query: HistoryQuery
    ) -> list[Any]:
        """Return a record's changes, newest first, and one more than the limit."""
        log = from_clause(CHANGES, query.include)
        of = of_model(model, log.c.entity), log.c.entity_id == id
        rows = select(log).where(*of).order_by(log.c.version.desc())
        if query.cursor:
            rows = rows.where(log.c.version < query.cursor)
        return list(await self.session.execute(rows.limit(query.limit + 1)))

    async def state(self, model: type[Entity], id: UUID, then: Moment) -> State | None:
        """Return a record's values as of then; None if it did not exist.

        Undoing the later changes needs no older ones, which may be archived. They are
        selected by version, because the clocks of two hosts may differ. A column whose
        value then is unknown has its default, or is left out.
        """
        state = await self.live(model, id)
        names = set[str]()
        last = select(func.max(CHANGES.c.version)).where(*of(model, id), then.made)
        later = CHANGES.c.version > func.coalesce(last.scalar_subquery(), 0)
        undo = select(CHANGES).where(*of(model, id), later)
        newest = undo.order_by(CHANGES.c.version.desc())
        for change in await self.session.execute(newest):
            state = undone(model, change, state)
            names.update(change.old or {})
        if state is None:
            return None
        gaps = await self.columns.gaps(model, id, then)
        unmapped = gaps.unmapped | unmapped_names(model, names)
        return complete(model, state, replace(gaps, unmapped=unmapped))

    async def live(self, model: type[Entity], id: UUID) -> State | None:
        table = model.__table__
        rows = await self.session.execute(select(table).where(table.c.id == id))
        return next(map(dict, rows.mappings()), None)

    async def last_change(self, model: type[Entity], id: UUID) -> AuditChange | None:
        query = select(AuditChange).where(*of(model, id))
        newest = query.order_by(CHANGES.c.version.desc()).limit(1)
        return (await self.session.scalars(newest)).first()

    async def change_to(
        self, model: type[Entity], id: UUID, version: int
    ) -> AuditChange | None:
        query = select(AuditChange).where(*of(model, id), CHANGES.c.version == version)
        return (await self.session.scalars(query)).first()

    async def version_end(self, model: type[Entity], id: UUID, version: int) -> Moment:
        """Return the last moment of a version: migrations since its start are in it.

        The next change shows what it replaced, so its time is the last moment.
        """
        made = CHANGES.c.version <= version
        next_at = select(func.min(CHANGES.c.at)).where(*of(model, id), ~made)
        end = await self.session.scalar(next_at)
        return Moment(made, end or LATEST)


def of(
    model: type[Entity], id: UUID
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return of_model(model), CHANGES.c.entity_id == id


def undone(model: type[Entity], change: Any, state: State | None) -> State | None:
    if change.action == Action.INSERT:
        return None
    old = present_values(model, change.old)
    if change.action == Action.DELETE:
        return old
    return {**(state or {}), **old, "version": change.version - 1}


def deleted_state(model: type[Entity], deletion: AuditChange) -> State:
    """Return the values of a deleted record, with the defaults of later columns."""
    old = deletion.old or {}
    gaps = Gaps(unmapped=unmapped_names(model, old))
    return complete(model, present_values(model, old), gaps)
