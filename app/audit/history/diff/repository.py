"""Queries on the records that changed between two times, ordered by class and id."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, select, tuple_

from app.audit.history.changes import read_changes
from app.audit.history.diff.difference import Difference
from app.audit.history.diff.schemas import DiffQuery
from app.audit.history.moments import is_named
from app.audit.history.pages import HistoryPages
from app.audit.repository import CHANGES
from app.core.db.session import DatabaseSession
from app.core.models import entities, recorded_names

RECORD, ENTITY = CHANGES.c.entity_id, CHANGES.c.entity
Key = tuple[str, UUID]


class DiffRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session
        self.models = {model.__name__: model for model in entities()}

    async def changed_records(self, query: DiffQuery) -> list[Key]:
        """Return the class and id of each record, and one more than the limit."""
        name = self.present_name()
        where = [*self.between(query)]
        if query.entity:
            where.append(is_named(ENTITY, self.names(query.entity)))
        if query.cursor:
            entity, _, id = query.cursor.rpartition(".")
            where.append(tuple_(name, RECORD) > tuple_(entity, UUID(id)))
        records = select(name.label("name"), RECORD).where(*where)
        ordered = records.group_by(name, RECORD).order_by(name, RECORD)
        rows = await read_changes(self.session, ordered.limit(query.limit + 1))
        return [(row["name"], row["entity_id"]) for row in rows]

    async def differences(
        self, query: DiffQuery, records: list[Key]
    ) -> dict[Key, Difference]:
        found: dict[Key, Difference] = {}
        for entity in dict.fromkeys(entity for entity, _ in records):
            named = is_named(ENTITY, self.names(entity))
            changes = select(CHANGES).where(named, *self.between(query))
            ids = [id for name, id in records if name == entity]
            async for row in HistoryPages(self.session, changes).read(ids):
                key = entity, row["entity_id"]
                if key not in found:
                    found[key] = Difference(self.models.get(entity), row)
                found[key].add(row)
        return found

    def between(self, query: DiffQuery) -> list[ColumnElement[bool]]:
        after, until = CHANGES.c.at > query.from_, CHANGES.c.at <= query.to
        return [after, until, CHANGES.c.version > 0]

    def names(self, entity: str) -> tuple[str, ...]:
        model = self.models.get(entity)
        return recorded_names(model) if model else (entity,)

    def present_name(self) -> ColumnElement[Any]:
        """Return the class's present name for the one that was recorded."""
        names = {
            former: name
            for name, model in self.models.items()
            for former in model.former_entities
        }
        return case(names, value=ENTITY, else_=ENTITY) if names else ENTITY
