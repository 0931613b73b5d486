"""Limits of a plan. Routes with anything else are served by FastAPI itself."""

from fastapi.dependencies.models import (
    Dependant,
    _is_async_gen_callable,
    _is_coroutine_callable,
)
from fastapi.dependencies.utils import get_validation_alias
from fastapi.utils import get_path_param_names


def is_plannable(endpoint: Dependant) -> bool:
    """Return whether a plan can do all that FastAPI does for this endpoint."""
    return not _is_async_gen_callable(endpoint.call) and is_callable(endpoint)


def is_callable(dependant: Dependant) -> bool:
    """Return whether this call, and those it needs, can be part of a plan."""
    call = dependant.call
    names = get_path_param_names(dependant.path or "")
    return (
        (_is_coroutine_callable(call) or _is_async_gen_callable(call))
        and dependant.use_cache
        and not dependant.concurrency
        and not dependant.query_params
        and not dependant.security_scopes_param_name
        and not dependant.websocket_param_name
        and names.issuperset(map(get_validation_alias, dependant.path_params))
        and all(map(is_callable, dependant.dependencies))
    )
