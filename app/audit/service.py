"""Read access to the change log and the access log."""

from typing import Any

from app.audit.cursor_pages import CursorPage
from app.audit.repository import AuditRepository
from app.audit.schemas import (
    AccessQuery,
    AccessRead,
    ChangeQuery,
    ChangeRead,
    RequestRead,
)
from app.audit.shown.rows import shown_rows
from app.audit.visibility import visible_rows
from app.auth.permissions.principal import Principal
from app.core.exceptions import NotFoundException


class AuditService:
    def __init__(self, repository: AuditRepository, reader: Principal) -> None:
        self.repository, self.reader = repository, reader

    async def list_changes(self, query: ChangeQuery) -> CursorPage[Any]:
        page = await self.repository.list_changes(query)
        page.items = shown_rows(ChangeRead, visible_rows(page.items, self.reader))
        return page

    async def list_accesses(self, query: AccessQuery) -> CursorPage[Any]:
        page = await self.repository.list_accesses(query)
        page.items = shown_rows(AccessRead, visible_rows(page.items, self.reader))
        return page

    async def get_request(self, request_id: str) -> RequestRead:
        accesses, more_accesses = await self.repository.request_accesses(request_id)
        changes, more_changes = await self.repository.request_changes(request_id)
        if not accesses and not changes:
            raise NotFoundException(
                f"The audit log has no entry for request {request_id}"
            )
        return RequestRead(
            request_id=request_id,
            has_more=more_accesses or more_changes,
            accesses=shown_rows(AccessRead, visible_rows(accesses, self.reader)),
            changes=shown_rows(ChangeRead, visible_rows(changes, self.reader)),
        )
