"""HTTP for the past of every collection: `as_of` on its list, and deleted records."""

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import signature
from typing import Annotated, Any

from fastapi import Query

from app.audit.cursor_pages import CursorPage
from app.audit.history.collection.deleted_repository import DeletedRepository
from app.audit.history.collection.deleted_service import DeletedService
from app.audit.history.collection.schemas import (
    DeletedQuery,
    DeletedRead,
    past_query,
)
from app.audit.history.collection.service import PastService
from app.audit.visibility import check_deleted
from app.auth.dependencies import CurrentUser
from app.core.dependencies import SessionDep
from app.core.exceptions import ValidationFailedException
from app.core.web.collections.endpoints import Endpoint, bound, with_signature
from app.core.web.collections.resource import Resource

# The names that `include` adds are those of now.
PRESENT_ONLY = {
    "loc": ("query", "as_of"),
    "type": "past",
    "msg": "Cannot be combined with include, which reads other records as they are now",
}


async def list_deleted(
    deleted: DeletedService, query: Annotated[DeletedQuery, Query()]
) -> CursorPage[Any]:
    """List the records that are deleted now, the last deleted first.

    Each one has the values that it was deleted with, and can be restored. Left out are
    those whose deletion is in cold storage. A record is null if it can't be shown.
    """
    return await deleted.page(query)


def add_past(resource: Resource) -> None:
    """Add `as_of` to the list of a collection, and the list of its deleted records."""
    router = resource.router
    page: Any = CursorPage[DeletedRead[resource.read]]  # type: ignore[name-defined]
    router.get("/deleted", name=f"list_deleted_{resource.plural}", response_model=page)(
        bound(list_deleted, deleted_of(resource))
    )
    position = router.routes.index(resource.listing)
    router.routes[position] = resource.listing.with_endpoint(
        with_as_of(resource), 409, 410
    )


def deleted_of(resource: Resource) -> Callable[..., Awaitable[DeletedService]]:
    """Return the dependency that opens the deleted records of the collection."""

    async def get_deleted(session: SessionDep, reader: CurrentUser) -> DeletedService:
        check_deleted(resource, reader)
        return DeletedService(DeletedRepository(session, resource.entity), reader)

    return get_deleted


def with_as_of(resource: Resource) -> Endpoint:
    """Return the endpoint of the list, extended to read it as of an instant."""
    read_now = resource.listing.adapter.endpoint

    @wraps(read_now)
    async def endpoint(*, query: Any, **values: Any) -> Any:
        if query.as_of is None:
            return await read_now(query=query, **values)
        if getattr(query, "include", ()):
            raise ValidationFailedException([PRESENT_ONLY])
        return await PastService(values["service"].repository, query.as_of).page(query)

    query_with_time: Any = past_query(resource.query)
    annotation = Annotated[query_with_time, Query()]
    parameters = [
        each.replace(annotation=annotation) if name == "query" else each
        for name, each in signature(read_now).parameters.items()
    ]
    return with_signature(endpoint, parameters)
