"""Entities of one moment with their relationships: one object for each row.

Each relationship is read for all entities at once: the number of statements depends on
the depth of the relationships, not on the number of rows.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import MANYTOONE

from app.audit.history.changes import read_changes
from app.audit.history.columns import State, recorded_columns, validated
from app.audit.history.exceptions import UnknownStateException
from app.audit.history.moments import Moment, of_model
from app.audit.history.relations import Model, Relation, is_by_id, link_of
from app.audit.history.repository import HistoryRepository
from app.audit.repository import CHANGES
from app.core.db.session import DatabaseSession


class PastGraph:
    """The entities that were built, in no session: changes are not written."""

    def __init__(
        self,
        session: DatabaseSession,
        then: Moment,
        relations: Callable[[Model], Iterable[Relation]],
    ) -> None:
        self.session, self.then, self.relations = session, then, relations
        self.past = HistoryRepository(session)
        self.built: dict[tuple[Model, UUID], Any] = {}

    async def build(self, model: Model, states: Iterable[State]) -> list[Any]:
        """Return an entity for each state. One that was built before is not followed.

        Raises:
            UnknownStateException: a value is not known, or not valid any more.
        """
        known, keys = self.built, list[tuple[Model, UUID]]()
        fresh: dict[tuple[Model, UUID], State] = {}
        for state in states:
            entity = validated(model, state)
            keys.append(key := (model, entity.id))
            if key not in known:
                known[key], fresh[key] = entity, state
        for relation in self.relations(model) if fresh else ():
            related = await self.related(relation, [*fresh.values()])
            for key, each in zip(fresh, related, strict=True):
                setattr(known[key], relation.key, each)
        return [known[key] for key in keys]

    async def related(self, relation: Relation, states: list[State]) -> list[Any]:
        """Return the value of the relationship for each of the states."""
        if not is_by_id(relation):
            raise UnknownStateException(relation.parent.class_.__name__, {relation.key})
        target, owners = relation.mapper.class_, [as_id(each["id"]) for each in states]
        if relation.direction is MANYTOONE:
            (column,) = relation.local_columns
            ids = [as_reference(state[str(column.key)]) for state in states]
            parents = await self.by_id(target, {id for id in ids if id})
            return [parents.get(id) for id in ids]
        if relation.secondary is None:
            (column,) = relation.remote_side
            found = await self.children(target, str(column.key), owners)
        else:
            found = await self.linked(relation, owners)
        return [
            found[it] if relation.uselist else next(iter(found[it]), None)
            for it in owners
        ]

    async def by_id(self, model: Model, ids: set[UUID]) -> dict[Any, Any]:
        known = {id for id in ids if (model, id) in self.built}
        states = await self.past.states(model, ids - known, self.then)
        await self.build(model, states.values())
        return {id: self.built[model, id] for id in known | states.keys()}

    async def children(
        self, model: Model, key: str, owners: list[UUID]
    ) -> dict[UUID, list[Any]]:
        """Return the children of each owner, ordered by id."""
        ids = await self.candidates(model, key, {*owners})
        found = await self.past.states(model, ids, self.then)
        if not all(key in each for each in found.values()):
            raise UnknownStateException(model.__name__, {key})
        owner_of = {id: as_reference(found[id][key]) for id in sorted(found)}
        own = [id for id, owner in owner_of.items() if owner in {*owners}]
        built = await self.build(model, [found[id] for id in own])
        children = defaultdict[Any, list[Any]](list)
        for id, entity in zip(own, built, strict=True):
            children[owner_of[id]].append(entity)
        return children

    async def linked(
        self, relation: Relation, owners: list[UUID]
    ) -> dict[UUID, list[Any]]:
        """Return the entities that the rows of a link table connect with each owner."""
        link, own, other = link_of(relation)
        links = await self.children(link, own, owners)
        ids = {getattr(it, other) for each in links.values() for it in each}
        targets = await self.by_id(relation.mapper.class_, ids)
        linked = defaultdict[UUID, list[Any]](list)
        for owner, each in links.items():
            found = (targets.get(getattr(it, other)) for it in each)
            linked[owner] = [*filter(None, found)]
        return linked

    async def candidates(self, child: Model, key: str, owners: set[UUID]) -> set[UUID]:
        """Return the ids of all rows that ever belonged to one of these owners."""
        table = child.__table__
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


def as_id(value: Any) -> UUID:
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise UnknownStateException("The record", {repr(value)}) from error


def as_reference(value: Any) -> UUID | None:
    return value and as_id(value)
