"""The action that each route asks for: by its HTTP method, or as @action states it."""

from collections.abc import Awaitable, Callable, Collection
from functools import cache, partial
from inspect import unwrap
from typing import Any, TypeVar

from app.auth.permissions.registry import READ

EndpointT = TypeVar("EndpointT", bound=Callable[..., Any])

ATTRIBUTE, FINDER = "__action__", "__actions__"
Finder = Callable[[Any], Awaitable[Collection[str]]]  # of the actions of a request
BY_METHOD = {
    "GET": READ,
    "POST": "create",
    "PATCH": "update",
    "PUT": "update",
    "DELETE": "delete",
}


def action(name: str) -> Callable[[EndpointT], EndpointT]:
    """State the action of a route whose HTTP method does not imply it.

    `guarded_router` must declare it: `guarded_router("products", (*CRUD, "approve"))`.

        @router.post("/{product_id}/approve", response_model=ProductRead)
        @action("approve")
        async def approve_product(service: ServiceDep, product_id: UUID) -> Product:
    """
    return partial(state, ATTRIBUTE, name)


def actions_by(find: Finder) -> Callable[[EndpointT], EndpointT]:
    """State that the actions of a route depend on the request."""
    return partial(state, FINDER, find)


@cache
def finder_of(endpoint: Callable[..., Any]) -> Finder | None:
    """Return what finds the actions, if they depend on the request."""
    found: Finder | None = getattr(unwrap(endpoint), FINDER, None)
    return found


def state(name: str, value: Any, endpoint: EndpointT) -> EndpointT:
    setattr(endpoint, name, value)
    return endpoint


@cache
def action_of(endpoint: Callable[..., Any], method: str, path: str) -> str:
    """Return the action that a request of this method to this route asks for."""
    # On the function as written: @action may stand above or below the route.
    stated: str | None = getattr(unwrap(endpoint), ATTRIBUTE, None)
    if stated:
        return stated
    # A POST below a record, such as /products/{id}/stock, changes what exists.
    if method == "POST" and "{" in path:
        return "update"
    return BY_METHOD[method]
