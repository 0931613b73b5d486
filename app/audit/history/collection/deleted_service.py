"""The deleted records of a collection, as the user may see them."""

from typing import Any

from app.audit.cursor_pages import CursorPage
from app.audit.cursors import encode_cursor
from app.audit.history.collection.deleted_repository import DeletedRepository
from app.audit.history.collection.schemas import ActorRead, DeletedQuery, DeletedRead
from app.audit.visibility import visible_rows
from app.auth.permissions.principal import Principal
from app.core.db.driver.compiled import Row


class DeletedService:
    def __init__(self, repository: DeletedRepository, reader: Principal) -> None:
        self.repository, self.reader = repository, reader

    async def page(self, query: DeletedQuery) -> CursorPage[Any]:
        # One row beyond the limit shows whether there is another page.
        found = await self.repository.page(query.limit + 1, query.cursor)
        rows = visible_rows(found[: query.limit], self.reader)
        has_more = len(found) > query.limit
        following = encode_cursor(rows[-1]["at"], rows[-1]["id"]) if has_more else None
        items = [await self.item(*pair) for pair in zip(found, rows, strict=False)]
        return CursorPage.model_construct(items=items, next=following)

    async def item(self, deletion: Row, shown: Row) -> DeletedRead[Any]:
        return DeletedRead.model_construct(
            id=deletion["entity_id"],
            deleted_at=deletion["at"],
            actor=actor_of(shown),
            record=await self.repository.record(deletion),
        )


def actor_of(row: Row) -> ActorRead | None:
    if row["actor_id"] is None:
        return None
    return ActorRead(
        id=row["actor_id"], name=row["actor_name"], label=row["actor_label"]
    )
