"""The calls of a route in order, found at start instead of for each request."""

from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi.dependencies.models import (
    Dependant,
    _get_cache_key,
    _get_computed_scope,
    _is_async_gen_callable,
)
from fastapi.dependencies.utils import get_validation_alias

from app.core.web.plan.call import Call
from app.core.web.plan.run import FIRST_CALL, REQUEST, RESPONSE, TASKS

Given = tuple[tuple[str | None, int], ...]


class Plan:
    """Calls of each dependency, once and after those it needs, then of the endpoint."""

    def __init__(self, dependant: Dependant, *, embeds: bool) -> None:
        self.embeds = embeds
        self.calls: list[Call] = []
        self.places: dict[Any, int] = {}
        self.add(dependant)
        taken = {place for call in self.calls for _, place in call.given}
        self.takes_tasks = TASKS in taken

    def add(self, dependant: Dependant) -> int:
        """Return the place of the dependency's result."""
        needed = tuple((it.name, self.add(it)) for it in dependant.dependencies)
        key = _get_cache_key(dependant=dependant)
        if key not in self.places:
            self.places[key] = FIRST_CALL + len(self.calls)
            self.calls.append(self.call_of(dependant, (*needed, *injected(dependant))))
        return self.places[key]

    def call_of(self, dependant: Dependant, given: Given) -> Call:
        function: Any = dependant.call
        scope = None
        if _is_async_gen_callable(function):
            function = asynccontextmanager(function)
            scope = _get_computed_scope(dependant=dependant)
        others = {
            "headers": dependant.header_params,
            "cookies": dependant.cookie_params,
        }
        return Call(
            function=function,
            scope=scope,
            given=given,
            path=tuple((get_validation_alias(it), it) for it in dependant.path_params),
            others=tuple(it for it in others.items() if it[1]),
            body=dependant.body_params,
            embeds=self.embeds,
        )


def injected(dependant: Dependant) -> Iterator[tuple[str, int]]:
    """Yield the arguments that FastAPI recognizes by their types."""
    for name, place in (
        (dependant.http_connection_param_name, REQUEST),
        (dependant.request_param_name, REQUEST),
        (dependant.background_tasks_param_name, TASKS),
        (dependant.response_param_name, RESPONSE),
    ):
        if name:
            yield name, place
