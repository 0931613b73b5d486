"""What an auditor asks of the logs."""

from typing import Any

from app.audit.repository import ACCESSES, CHANGES, AuditRepository
from app.audit.schemas import AccessQuery, ChangeQuery, CursorPage, RequestRead
from app.core.exceptions import NotFoundException


class AuditService:
    def __init__(self, repository: AuditRepository) -> None:
        self.repository = repository

    async def changes(self, query: ChangeQuery) -> CursorPage[Any]:
        return await self.repository.changes(query)

    async def accesses(self, query: AccessQuery) -> CursorPage[Any]:
        return await self.repository.accesses(query)

    async def request(self, request_id: str) -> RequestRead:
        accesses = await self.repository.of_request(ACCESSES, request_id)
        changes = await self.repository.of_request(CHANGES, request_id)
        if not accesses and not changes:
            raise NotFoundException(f"Nothing is known of request {request_id}")
        return RequestRead.model_validate(
            {"request_id": request_id, "accesses": accesses, "changes": changes},
            from_attributes=True,
        )
