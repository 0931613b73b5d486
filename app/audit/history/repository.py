"""Past states of records: the current rows, with later changes undone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Table, func, inspect, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import MANYTOONE, RelationshipProperty

from app.audit.history.schemas import HistoryQuery
from app.audit.models import Action, AuditChange
from app.audit.repository import CHANGES, from_clause
from app.core.exceptions import ConflictException
from app.core.models import Entity

State = dict[str, Any]
Moment = ColumnElement[bool]  # the changes up to some instant or version


def until(instant: datetime) -> Moment:
    return CHANGES.c.at <= instant


class HistoryRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def of_record(self, entity: str, id: UUID, query: HistoryQuery) -> list[Any]:
        """Return a record's changes, newest first, and one more than the limit."""
        log = from_clause(CHANGES, query.include)
        of = log.c.entity == entity, log.c.entity_id == id
        rows = select(log).where(*of).order_by(log.c.version.desc())
        if query.cursor:
            rows = rows.where(log.c.version < query.cursor)
        return list(await self.session.execute(rows.limit(query.limit + 1)))

    async def state(self, model: type[Entity], id: UUID, then: Moment) -> State | None:
        """Return a record's values as of then; None if it did not exist.

        Undoing the later changes needs no older ones, which may be archived. They are
        selected by version, because the clocks of two hosts may differ.
        """
        state = await self.live(model, id)
        last = select(func.max(CHANGES.c.version)).where(*of(model, id), then)
        later = CHANGES.c.version > func.coalesce(last.scalar_subquery(), 0)
        undo = select(CHANGES).where(*of(model, id), later)
        newest = undo.order_by(CHANGES.c.version.desc())
        for change in await self.session.execute(newest):
            state = undone(change, state)
        return state

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

    async def build(self, model: type[Entity], state: State, then: Moment) -> Any:
        """Build an entity from these values, with its relationships as of then.

        It is attached to no session, so changes to it are not written.
        """
        try:
            entity = model.model_validate(state)
        except ValidationError as error:
            reason = f"{model.__name__} can't be rebuilt: its values are invalid now"
            raise ConflictException(reason) from error
        for relation in inspect(model).relationships:
            find = self.parent if relation.direction is MANYTOONE else self.children
            setattr(entity, relation.key, await find(relation, state, then))
        return entity

    async def parent(
        self, relation: RelationshipProperty[Any], state: State, then: Moment
    ) -> Any:
        (column,) = relation.local_columns
        id = state[str(column.key)]
        target = relation.mapper.class_
        found = await self.state(target, as_id(id), then) if id else None
        return found and await self.build(target, found, then)

    async def children(
        self, relation: RelationshipProperty[Any], state: State, then: Moment
    ) -> list[Any]:
        (column,) = relation.remote_side
        child, owner = relation.mapper.class_, as_id(state["id"])
        key = str(column.key)
        ids = await self.candidates(child, key, owner)
        states = [await self.state(child, id, then) for id in sorted(ids)]
        own = [each for each in states if each and as_id(each[key]) == owner]
        return [await self.build(child, each, then) for each in own]

    async def candidates(self, child: type[Entity], key: str, owner: UUID) -> set[UUID]:
        """Return the ids of all rows that have ever referred to this owner."""
        table: Table = child.__table__
        live = select(table.c.id).where(table.c[key] == owner)
        snapshots = (
            CHANGES.c[name][key].as_string() == str(owner) for name in ("old", "new")
        )
        once = select(CHANGES.c.entity_id).where(
            CHANGES.c.entity == child.__name__, or_(*snapshots)
        )
        return {*await self.session.scalars(live), *await self.session.scalars(once)}


def of(model: type[Entity], id: UUID) -> tuple[Moment, Moment]:
    return CHANGES.c.entity == model.__name__, CHANGES.c.entity_id == id


def undone(change: Any, state: State | None) -> State | None:
    if change.action == Action.INSERT:
        return None
    if change.action == Action.DELETE:
        return dict(change.old)
    return {**(state or {}), **change.old, "version": change.version - 1}


def as_id(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
