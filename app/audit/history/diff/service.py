"""Comparison of the records at two times, as the user may see them."""

from app.audit.archive.files.repository import FileRepository
from app.audit.cursor_pages import CursorPage
from app.audit.history.diff.difference import Difference
from app.audit.history.diff.repository import DiffRepository, Key, is_nameable
from app.audit.history.diff.schemas import DiffQuery, DiffRead
from app.audit.history.exceptions import UnknownStateException, require_live
from app.audit.shown.rows import placeholder
from app.audit.visibility import visible_pairs
from app.auth.permissions.principal import Principal
from app.core.exceptions import ValidationFailedException

UNKNOWN = {
    "loc": ("query", "entity"),
    "type": "unknown",
    "msg": "No class of this name, and no change of one in the log",
}


class DiffService:
    def __init__(self, repository: DiffRepository, reader: Principal) -> None:
        self.repository, self.reader = repository, reader
        self.files = FileRepository(repository.session)

    async def page(self, query: DiffQuery) -> CursorPage[DiffRead]:
        await self.require_live(query)
        if query.entity and not await self.repository.is_known(query.entity):
            raise ValidationFailedException([UNKNOWN])
        found = await self.repository.changed_records(query)
        keys, following = page_of(found, query.limit)
        sums = await self.repository.differences(query, keys)
        await self.require_live(query)  # a run may have archived some meanwhile
        items = [
            self.item(key, sums[key]) if key in sums else unknown(key)
            for key in keys
            if key not in sums or sums[key].exists()
        ]
        return CursorPage.model_construct(items=items, next=following)

    async def require_live(self, query: DiffQuery) -> None:
        name = query.entity or "records"
        require_live(name, query.from_, await self.files.last_pruned())

    def item(self, key: Key, difference: Difference) -> DiffRead:
        entity, id = key
        return DiffRead.model_construct(
            entity=entity,
            id=id,
            from_version=difference.from_version,
            to_version=difference.to_version,
            changed=visible_pairs(entity, difference.changed(), self.reader),
            unreadable=sorted(difference.unreadable),
        )


def page_of(found: list[Key], limit: int) -> tuple[list[Key], str | None]:
    """Return the keys of a page, and the cursor of the next one if there is one.

    Raises:
        UnknownStateException: no cursor can name the end of the page.
    """
    if len(found) <= limit:
        return found, None
    keys = found[:limit]
    while keys and not is_nameable(keys[-1][0]):
        keys.pop()  # the next page begins with it
    if not keys:
        raise UnknownStateException("The record", ["entity"])
    entity, id = keys[-1]
    return keys, f"{entity}.{id.hex}"


def unknown(key: Key) -> DiffRead:
    """Return the item of a record whose class has a name that cannot be read."""
    entity, id = key
    return DiffRead.model_construct(
        entity=placeholder(DiffRead, "entity", entity),
        id=id,
        from_version=None,
        to_version=None,
        changed={},
        unreadable=["entity"],
    )
