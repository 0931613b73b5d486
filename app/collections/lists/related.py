"""Related records of the items of a page, as far as the caller may read them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.auth.permissions.principal import Principal
from app.collections.lists.relations import Relation, Relations
from app.collections.lists.repository import RelatedRepository
from app.collections.lists.schemas import Related
from app.core.schemas import Read


class RelatedReader:
    def __init__(self, repository: RelatedRepository, reader: Principal) -> None:
        self.repository, self.reader = repository, reader

    async def columns(
        self, items: Sequence[Read], relations: Relations
    ) -> Mapping[str, list[Related | None]]:
        """Return the related record of each item, by the name of the relation.

        Without those whose collection the caller may not read: null would say that
        there is no such record.
        """
        readable = readable_by(self.reader, relations)
        ids = {each: ids_of(items, each) for each in readable.values()}
        names = await self.repository.names(
            {each: [id for id in found if id] for each, found in ids.items()}
        )
        return {
            name: [related(names[each], id) for id in ids[each]]
            for name, each in readable.items()
        }


def readable_by(reader: Principal, relations: Relations) -> Relations:
    """Return the relations to collections that the reader may read."""
    return {
        name: relation
        for name, relation in relations.items()
        if reader.has_permission(relation.permission)
    }


def ids_of(items: Sequence[Read], relation: Relation) -> list[UUID | None]:
    return [getattr(item, relation.column) for item in items]


def related(names: Mapping[UUID, str], id: UUID | None) -> Related | None:
    return Related(id=id, name=names[id]) if id and id in names else None
