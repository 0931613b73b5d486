"""Comparison of the records at two times, as the user may see them."""

from app.audit.archive.files.repository import FileRepository
from app.audit.cursor_pages import CursorPage
from app.audit.history.diff.difference import Difference
from app.audit.history.diff.repository import DiffRepository, Key
from app.audit.history.diff.schemas import DiffQuery, DiffRead
from app.audit.history.exceptions import ArchivedException
from app.audit.visibility import visible_pairs
from app.auth.permissions.principal import Principal


class DiffService:
    def __init__(self, repository: DiffRepository, reader: Principal) -> None:
        self.repository, self.reader = repository, reader
        self.files = FileRepository(repository.session)

    async def page(self, query: DiffQuery) -> CursorPage[DiffRead]:
        archived = await self.files.last_pruned()
        if archived and query.from_ < archived:
            raise ArchivedException(query.entity or "records", archived)
        found = await self.repository.changed_records(query)
        keys, rest = found[: query.limit], found[query.limit :]
        sums = await self.repository.differences(query, keys)
        items = [self.item(key, sums[key]) for key in keys if sums[key].exists()]
        following = f"{keys[-1][0]}.{keys[-1][1].hex}" if rest else None
        return CursorPage.model_construct(items=items, next=following)

    def item(self, key: Key, difference: Difference) -> DiffRead:
        entity, id = key
        return DiffRead.model_construct(
            entity=entity,
            id=id,
            from_version=difference.from_version,
            to_version=difference.to_version,
            changed=visible_pairs(entity, difference.changed(), self.reader),
        )
