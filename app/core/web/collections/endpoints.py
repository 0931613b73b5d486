"""Endpoints that are made for each collection from one handler."""

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any

from fastapi import Depends

Endpoint = Callable[..., Awaitable[Any]]


def bound(handler: Endpoint, dependency: Callable[..., Any]) -> Endpoint:
    """Return a copy of the handler whose first parameter comes from this dependency."""

    @wraps(handler)
    async def endpoint(**values: Any) -> Any:
        return await handler(**values)

    first, *others = signature(handler).parameters.values()
    type_: Any = first.annotation
    depends = Annotated[type_, Depends(dependency)]
    return with_signature(endpoint, [first.replace(annotation=depends), *others])


def with_signature(endpoint: Endpoint, parameters: list[Parameter]) -> Endpoint:
    own = signature(endpoint)
    endpoint.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]  # FastAPI reads it
    return endpoint
