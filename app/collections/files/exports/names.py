"""Names of the records that exported ones refer to, as columns of their own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.auth.exceptions import MissingPermissionException
from app.auth.permissions.principal import Principal
from app.collections.files.formats.rendering import Values
from app.collections.lists.related import RelatedReader, readable_by
from app.collections.lists.relations import Relations
from app.collections.lists.repository import RelatedRepository
from app.core.db.session import DatabaseSession
from app.core.schemas import Read
from app.core.web.collections.resource import Resource


@dataclass(frozen=True)
class NameColumns:
    """The columns `customer_name` for `customer_id`, which an import leaves out.

    A relation is one that the reader may read when the export begins.
    """

    relations: Relations
    reader: Principal

    @classmethod
    def for_reader(cls, relations: Relations, reader: Principal) -> "NameColumns":
        return cls(readable_by(reader, relations), reader)

    @property
    def columns(self) -> list[str]:
        return [*map(name_column, self.relations)]

    def check(self, reader: Principal) -> None:
        """Raise if the reader has lost the permission for one of the columns."""
        for relation in self.relations.values():
            if not reader.has_permission(relation.permission):
                raise MissingPermissionException(relation.permission)

    async def read(
        self, session: DatabaseSession, items: Sequence[Read]
    ) -> list[Values]:
        """Return the names for each item, by column; None if there is none.

        Each relation has a statement: all of them in one would hold up other requests.
        """
        reader = RelatedReader(RelatedRepository(session), self.reader)
        columns = {}
        for name, relation in self.relations.items():
            found = await reader.columns(items, {name: relation})
            columns[name_column(name)] = [each and each.name for each in found[name]]
            await asyncio.sleep(0)  # SQLite answers without giving up control
        return [
            {column: names[place] for column, names in columns.items()}
            for place in range(len(items))
        ]


def without_fields(resource: Resource, relations: Relations) -> Relations:
    """Return the relations whose column would not hide a field of the record."""
    fields = resource.read.shown()
    return {it: each for it, each in relations.items() if name_column(it) not in fields}


def name_column(relation: str) -> str:
    return f"{relation}_name"
