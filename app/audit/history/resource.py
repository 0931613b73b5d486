"""What a slice's router says of its resource: enough to give it a history.

Nothing is declared twice: whoever reads and changes one record has named them all.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

from fastapi import APIRouter, params
from fastapi.routing import APIRoute

from app.core.models import Entity
from app.core.schemas import Body, Read


@dataclass(frozen=True)
class Resource:
    router: APIRouter
    reading: APIRoute
    entity: type[Entity]
    read: type[Read]
    update: type[Body]
    get_service: Callable[..., Any]
    id: str  # of the path: product_id
    name: str  # of one record, in operation ids: product


def resource_of(router: APIRouter) -> Resource:
    reading, changing = record_route(router, "GET"), record_route(router, "PATCH")
    hints = get_type_hints(inspect.unwrap(changing.endpoint), include_extras=True)
    (id,) = reading.param_convertors
    return Resource(
        router=router,
        reading=reading,
        entity=hints["return"],
        read=reading.response_model,
        update=hints["data"],
        get_service=dependency(hints["service"]),
        id=id,
        name=id.removesuffix("_id"),
    )


def record_route(router: APIRouter, method: str) -> APIRoute:
    """Return the route of one record.

    Raises:
        LookupError: this router has none, so it is no resource's.
    """
    for route in router.routes:
        if isinstance(route, APIRoute) and route.methods == {method}:
            path = route.path.removeprefix(router.prefix)
            if path.startswith("/{") and path.endswith("}"):
                return route
    raise LookupError(f"{router.prefix} has no route to {method} a record")


def dependency(annotation: Any) -> Any:
    """Return what `Annotated[…, Depends(f)]` depends on."""
    found = (each for each in get_args(annotation) if isinstance(each, params.Depends))
    return next(found).dependency
