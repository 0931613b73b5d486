"""HTTP for the history of every collection: history, as_of, revert and restore."""

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from inspect import Parameter, signature
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from app.audit.history.collection.routers import add_past
from app.audit.history.schemas import (
    AsOfQuery,
    HistoryQuery,
    HistoryRead,
    Revert,
    RevertPreview,
    RevertQuery,
)
from app.audit.history.service import HistoryService
from app.audit.schemas import ChangeRead
from app.audit.shown.rows import shown_rows
from app.audit.visibility import check_deleted, visible_rows
from app.auth.dependencies import CurrentUser
from app.auth.permissions.actions import action
from app.core.models import Entity
from app.core.web.collections.endpoints import Endpoint, bound, with_signature
from app.core.web.collections.resource import Resource, resource_of
from app.core.web.openapi import documented


async def list_history(
    history: HistoryService, query: Annotated[HistoryQuery, Query()], user: CurrentUser
) -> HistoryRead:
    """List the changes of the record, newest first: user, time, request and values.

    The history of a deleted record is kept.
    """
    page = await history.history(query)
    return HistoryRead(
        items=shown_rows(ChangeRead, visible_rows(page.changes, user)),
        next=page.next,
        archived_until=page.archived_until,
    )


async def revert(
    history: HistoryService, data: Revert, query: Annotated[RevertQuery, Query()]
) -> Entity | RevertPreview:
    """Set the fields to their values in an earlier version, under the current rules.

    A revert is recorded as an update, and makes a new version.
    With `dry_run=true`, only return what would change.
    """
    if query.dry_run:
        return await history.preview(data.to_version)
    return await history.revert(data.to_version)


@action("create")
async def restore(history: HistoryService, user: CurrentUser) -> Entity:
    """Restore a deleted record, with its id and the rows that belonged to it."""
    check_deleted(history.resource, user)
    return await history.restore()


def add_history(router: APIRouter) -> None:
    """Add history, revert and restore to a guarded router, and `as_of` to its GETs."""
    resource = resource_of(router)
    add_past(resource)
    bind = partial(bound, dependency=history_of(resource))
    record, name, read = f"/{{{resource.id}}}", resource.name, resource.read
    router.get(
        f"{record}/history", name=f"list_{name}_history", response_model=HistoryRead
    )(bind(list_history))
    router.post(
        f"{record}/revert",
        name=f"revert_{name}",
        response_model=read | RevertPreview,
        responses=documented(410),
    )(bind(revert))
    router.post(f"{record}/restore", name=f"restore_{name}", response_model=read)(
        bind(restore)
    )
    position = router.routes.index(resource.reading)
    router.routes[position] = resource.reading.with_endpoint(
        with_as_of(resource), 409, 410
    )


def history_of(resource: Resource) -> Callable[..., Awaitable[HistoryService]]:
    """Return the dependency that opens the history of the record in the path."""

    async def get_history(
        service: Annotated[Any, Depends(resource.get_service)],
        id: Annotated[UUID, Path(alias=resource.id)],
    ) -> HistoryService:
        return HistoryService(resource, service, id)

    return get_history


def with_as_of(resource: Resource) -> Endpoint:
    """Return the endpoint of GET, extended to read the record as of an instant."""
    read_now = resource.reading.adapter.endpoint

    @wraps(read_now)
    async def endpoint(*, query: AsOfQuery, **values: Any) -> Any:
        if query.as_of is None:
            return await read_now(**values)
        if resource.hides:
            await read_now(**values)
        history = HistoryService(resource, values["service"], values[resource.id])
        return await history.as_of(query.as_of)

    as_of = Annotated[AsOfQuery, Query()]
    query = Parameter("query", Parameter.KEYWORD_ONLY, annotation=as_of)
    return with_signature(endpoint, [*signature(read_now).parameters.values(), query])
