"""Entity, schemas and service of a collection, from its GET and PATCH routes."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from fastapi import APIRouter

from app.core.models import Entity
from app.core.schemas import Body, Read
from app.core.web.routing import Route


@dataclass(frozen=True)
class Resource:
    """A collection; `id` is its path parameter (product_id), `name` its singular."""

    router: APIRouter
    reading: Route
    entity: type[Entity]
    read: type[Read]
    update: type[Body]
    get_service: Callable[..., Any]
    id: str
    name: str


def resource_of(router: APIRouter) -> Resource:
    """Derive a resource from the GET and PATCH routes of a record.

    Raises:
        LookupError: the router has no such routes.
    """
    reading, changing = record_route(router, "GET"), record_route(router, "PATCH")
    hints = get_type_hints(inspect.unwrap(changing.endpoint), include_extras=True)
    # Annotated[Service, Depends(get_service)]
    (depends,) = hints["service"].__metadata__
    (id,) = reading.param_convertors
    return Resource(
        router=router,
        reading=reading,
        entity=hints["return"],
        read=reading.response_model,
        update=hints["data"],
        get_service=depends.dependency,
        id=id,
        name=id.removesuffix("_id"),
    )


def record_route(router: APIRouter, method: str) -> Route:
    for route in router.routes:
        if isinstance(route, Route) and route.methods == {method}:
            path = route.path.removeprefix(router.prefix)
            if path.startswith("/{") and path.endswith("}"):
                return route
    raise LookupError(f"{router.prefix} has no route to {method} a record")
