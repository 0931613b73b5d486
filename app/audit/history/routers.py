"""HTTP for the past of every resource alike: history, as_of, revert and restore."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from app.audit.history.resource import Resource, resource_of
from app.audit.history.schemas import (
    HistoryQuery,
    HistoryRead,
    PastQuery,
    Revert,
    RevertPreview,
    RevertQuery,
)
from app.audit.history.service import HistoryService
from app.core.models import Entity
from app.core.web.openapi import documented
from app.core.web.routing import Route

AS_OF = {
    "name": "as_of",
    "in": "query",
    "description": "Show the record as it was at this instant, even if it is gone now.",
    "schema": {"type": "string", "format": "date-time"},
}


class PastRoute(Route):
    """The record's own address, when it is asked for another time than now."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if b"as_of=" not in scope.get("query_string", b""):
            return Match.NONE, {}
        return super().matches(scope)


# Asked by the handler, not as a dependency: that would be asked even where the id is
# no id, and nothing was opened.
def timeline_of(request: Request) -> HistoryService:
    timeline: HistoryService = request.state.timeline
    return timeline


def opening(resource: Resource) -> Callable[..., Awaitable[None]]:
    """Return the dependency that says whose past a route is about."""

    async def open_timeline(
        request: Request,
        service: Annotated[Any, Depends(resource.get_service)],
        id: Annotated[UUID, Path(alias=resource.id)],
    ) -> None:
        request.state.timeline = HistoryService(resource, service, id)

    return open_timeline


async def list_history(
    request: Request, query: Annotated[HistoryQuery, Query()]
) -> HistoryRead:
    """List the record's changes, newest first: who, when, by which request, and what.

    Also of a record that is deleted.
    """
    return await timeline_of(request).history(query)


async def get_past(request: Request, query: Annotated[PastQuery, Query()]) -> Entity:
    """Read the record as it was."""
    return await timeline_of(request).as_of(query.as_of)


async def revert(
    request: Request, data: Revert, query: Annotated[RevertQuery, Query()]
) -> Entity | RevertPreview:
    """Put the fields back to what they were in a version, under all rules of today.

    It is a change like any other: audited, and a new version. With `dry_run=true`
    nothing happens, and the answer tells what would.
    """
    if query.dry_run:
        return await timeline_of(request).difference(data.to_version)
    return await timeline_of(request).revert(data.to_version)


async def restore(request: Request) -> Entity:
    """Bring a deleted record back, with its id, and with what belonged to it."""
    return await timeline_of(request).restore()


def add_history(router: APIRouter) -> None:
    """Give a guarded router's records a past."""
    resource = resource_of(router)
    record, name = f"/{{{resource.id}}}", resource.name
    read: Any = resource.read
    options: Any = {"dependencies": [Depends(opening(resource))]}
    router.get(
        f"{record}/history",
        name=f"list_{name}_history",
        response_model=HistoryRead,
        **options,
    )(list_history)
    router.post(
        f"{record}/revert",
        name=f"revert_{name}",
        response_model=read | RevertPreview,
        responses=documented(410),
        **options,
    )(revert)
    router.post(
        f"{record}/restore", name=f"restore_{name}", response_model=read, **options
    )(restore)
    add_past(resource, f"get_past_{name}", options)


def add_past(resource: Resource, name: str, options: Any) -> None:
    router = resource.router
    router.add_api_route(
        f"/{{{resource.id}}}",
        get_past,
        methods=["GET"],
        name=name,
        response_model=resource.read,
        include_in_schema=False,
        route_class_override=PastRoute,
        **options,
    )
    # It has to be asked first; the document describes it with the plain one.
    router.routes.insert(0, router.routes.pop())
    resource.reading.openapi_extra = with_parameter(resource.reading, AS_OF)


def with_parameter(route: APIRoute, parameter: Any) -> dict[str, Any]:
    extra = route.openapi_extra or {}
    return extra | {"parameters": [*extra.get("parameters", ()), parameter]}
