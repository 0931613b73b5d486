"""Read access to the change log and the access log."""

from typing import Any

from app.audit.repository import ACCESSES, CHANGES, AuditRepository
from app.audit.schemas import AccessQuery, ChangeQuery, CursorPage, RequestRead
from app.core.exceptions import NotFoundException


class AuditService:
    def __init__(self, repository: AuditRepository) -> None:
        self.repository = repository

    async def list_changes(self, query: ChangeQuery) -> CursorPage[Any]:
        return await self.repository.list_changes(query)

    async def list_accesses(self, query: AccessQuery) -> CursorPage[Any]:
        return await self.repository.list_accesses(query)

    async def get_request(self, request_id: str) -> RequestRead:
        accesses = await self.repository.request_rows(ACCESSES, request_id)
        changes = await self.repository.request_rows(CHANGES, request_id)
        if not accesses and not changes:
            raise NotFoundException(
                f"The audit log has no entry for request {request_id}"
            )
        return RequestRead.model_validate(
            {"request_id": request_id, "accesses": accesses, "changes": changes},
            from_attributes=True,
        )
