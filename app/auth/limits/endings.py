"""Operations that no rate limit refuses: those by which users end what others misuse.

A thief of a token could use up the limit, so that it can't be revoked.
"""

from collections.abc import Callable, MutableMapping
from inspect import unwrap
from typing import Any, TypeVar

EndpointT = TypeVar("EndpointT", bound=Callable[..., Any])
ATTRIBUTE = "__ends_access__"


def ends_access(endpoint: EndpointT) -> EndpointT:
    """State that the operation revokes the session that it is called with."""
    setattr(endpoint, ATTRIBUTE, True)
    return endpoint


def is_ending(scope: MutableMapping[str, Any]) -> bool:
    return hasattr(unwrap(scope["route"].endpoint), ATTRIBUTE)
