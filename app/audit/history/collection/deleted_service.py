"""The deleted records of a collection, as the user may see them."""

from typing import Any

from app.audit.cursor_pages import CursorPage
from app.audit.history.collection.deleted_repository import DeletedRepository
from app.audit.history.collection.schemas import ActorRead, DeletedQuery, DeletedRead
from app.audit.schemas import ChangeRead
from app.audit.shown.rows import NO_ID, shown_rows
from app.audit.visibility import visible_rows
from app.auth.permissions.principal import Principal
from app.core.db.driver.compiled import Row


class DeletedService:
    def __init__(self, repository: DeletedRepository, reader: Principal) -> None:
        self.repository, self.reader = repository, reader

    async def page(self, query: DeletedQuery) -> CursorPage[Any]:
        found, following = await self.repository.page(query.limit, query.cursor)
        rows = shown_rows(ChangeRead, visible_rows(found, self.reader))
        items = [await self.item(*pair) for pair in zip(found, rows, strict=True)]
        return CursorPage.model_construct(items=items, next=following)

    async def item(self, deletion: Row, shown: ChangeRead) -> DeletedRead[Any]:
        return DeletedRead.model_construct(
            id=shown.entity_id or NO_ID,
            deleted_at=shown.at,
            actor=actor_of(shown),
            record=await self.repository.record(deletion),
        )


def actor_of(row: ChangeRead) -> ActorRead | None:
    if row.actor_id is None:
        return None
    return ActorRead(id=row.actor_id, name=row.actor_name, label=row.actor_label)
