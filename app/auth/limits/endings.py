"""Operations that no rate limit refuses: those by which users end what others misuse.

A thief of a token could use up the limit, so that it can't be revoked.
"""

from collections.abc import Callable, Iterable, MutableMapping
from inspect import unwrap
from typing import Any, TypeVar

EndpointT = TypeVar("EndpointT", bound=Callable[..., Any])
ATTRIBUTE = "__ends_access__"


def ends_access(endpoint: EndpointT) -> EndpointT:
    """State that the operation revokes the session that it is called with."""
    setattr(endpoint, ATTRIBUTE, True)
    return endpoint


def is_ending(scope: MutableMapping[str, Any]) -> bool:
    return is_marked(scope["route"])


def names_of_endings(routes: Iterable[Any]) -> frozenset[str]:
    """Return the names of those routes, for the OpenAPI document."""
    return frozenset(route.name for route in routes if is_marked(route))


def is_marked(route: Any) -> bool:
    return hasattr(unwrap(route.endpoint), ATTRIBUTE)
