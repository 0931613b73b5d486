"""State of a request on its way through the calls of a plan."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

# Places of the results that a run starts with, before those of its calls.
REQUEST, RESPONSE, TASKS, FIRST_CALL = range(4)

Errors = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Invalid:
    """The result of a call that was not made, because of its arguments."""

    errors: Errors


@dataclass(frozen=True, slots=True)
class Run:
    results: list[Any]
    # The JSON value; PydanticUndefined for a body of no bytes.
    body: Any
    # The exit stacks of generators, by their scope.
    stacks: dict[str | None, AsyncExitStack]
