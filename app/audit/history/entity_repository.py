"""Past entities: built from their values, with the rows that belonged to them.

Each relationship is read for all entities at once: the number of statements depends on
the depth of the relationships, not on the number of rows.
"""

from itertools import chain
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Table, inspect, or_, select
from sqlalchemy.orm import MANYTOONE, RelationshipProperty

from app.audit.history.changes import read_changes
from app.audit.history.columns import State, recorded_columns
from app.audit.history.exceptions import UnknownStateException
from app.audit.history.moments import EVER, Moment, of_model
from app.audit.history.repository import HistoryRepository
from app.audit.repository import CHANGES
from app.core.db.derived.columns import base_names
from app.core.db.session import DatabaseSession
from app.core.models import Entity


class EntityRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session
        self.past = HistoryRepository(session)

    async def build(self, model: type[Entity], state: State, then: Moment) -> Any:
        """Return an entity of these values, with all that belonged to it then.

        It is in no session, so changes to it are not written.

        Raises:
            UnknownStateException: a value is not known, or not valid any more.
        """
        (entity,) = await self.build_all(model, [state], then)
        return entity

    async def build_all(
        self, model: type[Entity], states: list[State], then: Moment
    ) -> list[Any]:
        entities = [validated(model, state) for state in states]
        for relation in inspect(model).relationships if states else ():
            find = self.parents if relation.direction is MANYTOONE else self.children
            related = await find(relation, states, then)
            for entity, each in zip(entities, related, strict=True):
                setattr(entity, relation.key, each)
        return entities

    async def last_versions(self, *entities: Entity) -> dict[UUID, int]:
        """Return the last versions in the log of entities, and of what belongs to them.

        They are of one class.
        """
        model = type(entities[0])
        found = await self.past.last_versions(model, {it.id for it in entities}, EVER)
        for relation in inspect(model).relationships:
            if relation.direction is not MANYTOONE:
                related = (getattr(it, relation.key) for it in entities)
                if children := [*chain.from_iterable(related)]:
                    found |= await self.last_versions(*children)
        return found

    async def parents(
        self, relation: RelationshipProperty[Any], states: list[State], then: Moment
    ) -> list[Any]:
        """Return the parent of each state, or None."""
        (column,) = relation.local_columns
        ids = [id and as_id(id) for id in (each[str(column.key)] for each in states)]
        target = relation.mapper.class_
        found = await self.past.states(target, {id for id in ids if id}, then)
        built = await self.build_all(target, [*found.values()], then)
        parents = dict(zip(found, built, strict=True))
        return [parents.get(id) for id in ids]

    async def children(
        self, relation: RelationshipProperty[Any], states: list[State], then: Moment
    ) -> list[list[Any]]:
        """Return the children of each state, ordered by id."""
        (column,) = relation.remote_side
        child, key = relation.mapper.class_, str(column.key)
        owners = [as_id(state["id"]) for state in states]
        ids = await self.candidates(child, key, {*owners})
        found = await self.past.states(child, ids, then)
        if not all(key in each for each in found.values()):
            raise UnknownStateException(child.__name__, {key})
        children: dict[UUID, list[Any]] = {owner: [] for owner in owners}
        own = [
            found[id]
            for id in sorted(found)
            if found[id][key] and as_id(found[id][key]) in children
        ]
        built = await self.build_all(child, own, then)
        for state, entity in zip(own, built, strict=True):
            children[as_id(state[key])].append(entity)
        return [children[owner] for owner in owners]

    async def candidates(
        self, child: type[Entity], key: str, owners: set[UUID]
    ) -> set[UUID]:
        """Return the ids of all rows that ever belonged to one of these owners."""
        table: Table = child.__table__
        live = select(table.c.id).where(table.c[key].in_(owners))
        ids = {row["id"] for row in await self.session.rows(live)}
        # Then the log: it has an entry of a row that is deleted in between.
        snapshots = (
            CHANGES.c[name][column].as_string().in_([*map(str, owners)])
            for name in ("old", "new")
            for column in recorded_columns(child, key)
        )
        once = select(CHANGES.c.entity_id).where(of_model(child), or_(*snapshots))
        recorded = await read_changes(self.session, once)
        return ids | {row["entity_id"] for row in recorded}


def validated(model: type[Entity], state: State) -> Entity:
    if unknown := base_names(model.__table__) - state.keys():
        raise UnknownStateException(model.__name__, unknown)
    try:
        return model.model_validate(state)
    except ValidationError as error:
        invalid = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
        raise UnknownStateException(model.__name__, invalid) from error


def as_id(value: Any) -> UUID:
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise UnknownStateException("The record", {repr(value)}) from error
