"""Past entities: built from their values, with the rows that belonged to them."""

from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy.orm.attributes import instance_state

from app.audit.history.columns import State
from app.audit.history.moments import EVER, Moment
from app.audit.history.past_graph import PastGraph
from app.audit.history.relations import owned_relations
from app.audit.history.repository import HistoryRepository
from app.core.db.records.identity import key_of
from app.core.db.session import DatabaseSession
from app.core.entity_pages import loaded_relations
from app.core.models import Entity


class EntityRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session
        self.past = HistoryRepository(session)

    async def build(self, model: type[Entity], state: State, then: Moment) -> Any:
        """Return an entity of these values, with all that is loaded with it, as then.

        It is in no session, so changes to it are not written.

        Raises:
            UnknownStateException: a value is not known, or not valid any more.
        """
        (entity,) = await self.build_all(model, [state], then)
        return entity

    async def build_all(
        self, model: type[Entity], states: list[State], then: Moment
    ) -> list[Any]:
        graph = PastGraph(self.session, then, loaded_relations)
        entities = await graph.build(model, states)
        for each in graph.built.values():
            # Without a key, a relationship that was not loaded would seem to be empty.
            instance_state(each).key = key_of(type(each), each.id)
        return entities

    async def rebuild(self, model: type[Entity], state: State, then: Moment) -> Any:
        """Return a new entity with new rows of all that was deleted with it.

        They have no secrets, as the log has none.
        """
        graph = PastGraph(self.session, then, owned_relations)
        (entity,) = await graph.build(model, [state])
        for each in graph.built.values():
            for name in each.redacted:
                setattr(each, name, None)
        return entity

    async def last_versions(self, *entities: Entity) -> dict[UUID, int]:
        """Return the last versions in the log of entities, and of what belongs to them.

        They are of one class.
        """
        model = type(entities[0])
        found = await self.past.last_versions(model, {it.id for it in entities}, EVER)
        for relation in owned_relations(model):
            related = [getattr(it, relation.key) for it in entities]
            many = related if relation.uselist else [[it] for it in related if it]
            if children := [*chain.from_iterable(many)]:
                found |= await self.last_versions(*children)
        return found
