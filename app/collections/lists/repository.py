"""Queries on the records that those of a list refer to."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, cast, func, literal, select, union_all
from sqlmodel import SQLModel

from app.collections.lists.relations import Relation
from app.core.db.collections.reader import padded
from app.core.db.session import DatabaseSession

Names = Mapping[UUID, str]


class RelatedRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session

    async def names(
        self, wanted: Mapping[Relation, Sequence[UUID]]
    ) -> Mapping[Relation, Names]:
        """Return the names of the records that exist, by one statement."""
        relations = [*wanted]
        queries = [
            select_names(place, relation, [*dict.fromkeys(wanted[relation])])
            for place, relation in enumerate(relations)
            if wanted[relation]
        ]
        found: dict[Relation, dict[UUID, str]] = {each: {} for each in relations}
        for row in await self.session.rows(union_all(*queries)) if queries else ():
            found[relations[row["place"]]][row["id"]] = row["name"]
        return found


def select_names(place: int, relation: Relation, ids: Sequence[UUID]) -> Select[Any]:
    table = SQLModel.metadata.tables[relation.table]
    label = cast(table.c[relation.label], String)
    name = func.coalesce(label, "").label("name")  # a record without one is there
    columns = literal(place).label("place"), table.c.id, name
    return select(*columns).where(table.c.id.in_(padded(ids)))
