"""Endpoints that read the change log and the access log."""

from typing import Annotated

from fastapi import Depends, Path, Query

from app.audit.cursor_pages import CompletePage, CursorPage
from app.audit.history.diff.repository import DiffRepository
from app.audit.history.diff.schemas import DiffQuery, DiffRead
from app.audit.history.diff.service import DiffService
from app.audit.models import AuditAccess, AuditChange
from app.audit.repository import AuditRepository
from app.audit.schemas import (
    AccessQuery,
    AccessRead,
    ChangeQuery,
    ChangeRead,
    RequestRead,
)
from app.audit.service import AuditService
from app.auth.dependencies import CurrentUser, guarded_router
from app.auth.permissions.registry import READ
from app.core.dependencies import READS_STALE, SessionDep
from app.core.web.openapi import documented

router = guarded_router("audit", (READ,))
RequestId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


async def get_service(session: SessionDep, reader: CurrentUser) -> AuditService:
    return AuditService(AuditRepository(session), reader)


async def get_diff(session: SessionDep, reader: CurrentUser) -> DiffService:
    return DiffService(DiffRepository(session), reader)


ServiceDep = Annotated[AuditService, Depends(get_service)]
DiffServiceDep = Annotated[DiffService, Depends(get_diff)]


@router.get(
    "/changes",
    response_model=CompletePage[ChangeRead],
    responses=documented(410),
    dependencies=[READS_STALE],
)
async def list_changes(
    service: ServiceDep, query: Annotated[ChangeQuery, Query()]
) -> CursorPage[AuditChange]:
    """List the changes of records, newest first, with their old and new values.

    A change that was committed late may precede others in time. To miss none, send the
    `complete_until` of the first page as `after` in the next poll.
    """
    return await service.list_changes(query)


@router.get(
    "/accesses", response_model=CursorPage[AccessRead], dependencies=[READS_STALE]
)
async def list_accesses(
    service: ServiceDep, query: Annotated[AccessQuery, Query()]
) -> CursorPage[AuditAccess]:
    """List the recorded requests, newest first, with client, user, status and outcome.

    A request appears in this list about one second after its response.
    """
    return await service.list_accesses(query)


@router.get("/diff", response_model=CursorPage[DiffRead], responses=documented(410))
async def compare_times(
    service: DiffServiceDep, query: Annotated[DiffQuery, Query()]
) -> CursorPage[DiffRead]:
    """List the records that changed after `from` and until `to`, by class and id.

    Each has the fields that differ between the two times, however often they changed
    in between. Left out are records that existed at neither time, so that a page may
    have fewer items than its limit.
    """
    return await service.page(query)


@router.get("/requests/{request_id}", response_model=RequestRead)
async def get_request(service: ServiceDep, request_id: RequestId) -> RequestRead:
    """Return the entries of one request in both logs, by its `X-Request-ID`."""
    return await service.get_request(request_id)
