"""Past entities: built from their values, with the rows that belonged to them."""

from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Table, inspect, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import MANYTOONE, RelationshipProperty

from app.audit.history.column_repository import Moment, of_model
from app.audit.history.columns import State, recorded_columns
from app.audit.history.exceptions import UnknownStateException
from app.audit.history.repository import HistoryRepository
from app.audit.repository import CHANGES
from app.core.models import Entity


class EntityRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.past = HistoryRepository(session)

    async def build(self, model: type[Entity], state: State, then: Moment) -> Any:
        """Return an entity of these values, with all that belonged to it then.

        It is in no session, so changes to it are not written.

        Raises:
            UnknownStateException: a value is not known, or not valid any more.
        """
        if unknown := model.__table__.c.keys() - state.keys():
            raise UnknownStateException(model.__name__, unknown)
        try:
            entity = model.model_validate(state)
        except ValidationError as error:
            invalid = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
            raise UnknownStateException(model.__name__, invalid) from error
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
        found = await self.past.state(target, as_id(id), then) if id else None
        return found and await self.build(target, found, then)

    async def children(
        self, relation: RelationshipProperty[Any], state: State, then: Moment
    ) -> list[Any]:
        (column,) = relation.remote_side
        child, owner = relation.mapper.class_, as_id(state["id"])
        key = str(column.key)
        ids = await self.candidates(child, key, owner)
        states = [await self.past.state(child, id, then) for id in sorted(ids)]
        existing = [each for each in states if each]
        if not all(key in each for each in existing):
            raise UnknownStateException(child.__name__, {key})
        own = [each for each in existing if each[key] and as_id(each[key]) == owner]
        return [await self.build(child, each, then) for each in own]

    async def candidates(self, child: type[Entity], key: str, owner: UUID) -> set[UUID]:
        """Return the ids of all rows that ever belonged to this owner."""
        table: Table = child.__table__
        live = select(table.c.id).where(table.c[key] == owner)
        snapshots = (
            CHANGES.c[name][column].as_string() == str(owner)
            for name in ("old", "new")
            for column in recorded_columns(child, key)
        )
        once = select(CHANGES.c.entity_id).where(of_model(child), or_(*snapshots))
        return {*await self.session.scalars(live), *await self.session.scalars(once)}


def as_id(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
