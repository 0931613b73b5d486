"""Queries on the records that changed between two times, ordered by class and id."""

import re
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, select, tuple_

from app.audit.archive.rows.reading import read_values
from app.audit.history.diff.difference import Difference
from app.audit.history.diff.schemas import NAME_PATTERN, DiffQuery
from app.audit.history.moments import is_named
from app.audit.history.pages import HistoryPages
from app.audit.repository import CHANGES
from app.core.db.session import DatabaseSession
from app.core.db.sqlite.spelling import IsUuid
from app.core.models import entities, names_of_class
from app.core.text import is_utf8

RECORD, ENTITY = CHANGES.c.entity_id, CHANGES.c.entity
NAME = re.compile(NAME_PATTERN)
Key = tuple[str, UUID]


def is_nameable(entity: object) -> bool:
    """Return whether a statement and a cursor can have the name of this class."""
    return isinstance(entity, str) and is_utf8(entity) and bool(NAME.fullmatch(entity))


class DiffRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session
        self.models = {model.__name__: model for model in entities()}

    async def is_known(self, entity: str) -> bool:
        """Return whether this is a class, or one of which the log still has changes."""
        if entity in self.models:
            return True
        first = select(ENTITY).where(is_named(ENTITY, (entity,))).limit(1)
        return await self.session.value(first) is not None

    async def changed_records(self, query: DiffQuery) -> list[Key]:
        """Return the class and id of each record, and one more than the limit."""
        name = self.present_name()
        where = [*self.between(query)]
        if query.entity:
            where.append(is_named(ENTITY, names_of_class(query.entity)))
        if query.cursor:
            entity, _, id = query.cursor.rpartition(".")
            where.append(tuple_(name, RECORD) > tuple_(entity, UUID(id)))
        records = select(name.label("name"), RECORD).where(*where)
        ordered = records.group_by(name, RECORD).order_by(name, RECORD)
        rows = await read_values(self.session, ordered.limit(query.limit + 1))
        return [(row["name"], row["entity_id"]) for row in rows]

    async def differences(
        self, query: DiffQuery, records: list[Key]
    ) -> dict[Key, Difference]:
        found: dict[Key, Difference] = {}
        names = dict.fromkeys(entity for entity, _ in records)
        for entity in filter(is_nameable, names):
            named = is_named(ENTITY, names_of_class(entity))
            changes = select(CHANGES).where(named, *self.between(query))
            ids = [id for name, id in records if name == entity]
            async for row in HistoryPages(self.session, changes, read_values).read(ids):
                key = entity, row["entity_id"]
                if key not in found:
                    found[key] = Difference(self.models.get(entity), row)
                found[key].add(row)
        return found

    def between(self, query: DiffQuery) -> list[ColumnElement[bool]]:
        after, until = CHANGES.c.at > query.from_, CHANGES.c.at <= query.to
        # A change without a readable id belongs to no record.
        return [after, until, CHANGES.c.version > 0, IsUuid(RECORD)]

    def present_name(self) -> ColumnElement[Any]:
        """Return the class's present name for the one that was recorded."""
        names = {
            former: name
            for name, model in self.models.items()
            for former in model.former_entities
        }
        return case(names, value=ENTITY, else_=ENTITY) if names else ENTITY
