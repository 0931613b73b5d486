"""One call of a plan: a dependency or the endpoint, and where its arguments are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi._compat import ModelField
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args

from app.core.web.plan.run import REQUEST, Errors, Invalid, Run

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    # A coroutine function; for a generator, its context manager.
    function: Callable[..., Any]
    # When a generator is left: "function" before the response is sent, or "request".
    scope: str | None
    # Arguments that are earlier results, by place; None for one that is not passed.
    given: tuple[tuple[str | None, int], ...]
    path: tuple[tuple[str, ModelField], ...]
    # Headers and cookies, by the attribute of the request that holds them.
    others: tuple[tuple[str, list[ModelField]], ...]
    body: list[ModelField]
    embeds: bool

    async def make(self, run: Run) -> Any:
        """Return the result. Invalid is one, as later calls may report errors, too."""
        values: Values = {}
        errors: Errors = []
        for name, place in self.given:
            result = run.results[place]
            if type(result) is Invalid:
                errors += result.errors
            elif name is not None:
                values[name] = result
        if self.path or self.others:
            self.read_head(run, values, errors)
        if self.body:
            found, wrong = await request_body_to_args(self.body, run.body, self.embeds)
            values |= found
            errors += wrong
        if errors:
            return Invalid(errors)
        if self.scope:
            manager = self.function(**values)
            return await run.stacks[self.scope].enter_async_context(manager)
        return await self.function(**values)

    def read_head(self, run: Run, values: Values, errors: Errors) -> None:
        """Add arguments of path, headers and cookies, and errors in FastAPI's order."""
        request: Request = run.results[REQUEST]
        # request_params_to_args takes ten times as long, and a path has no defaults.
        for alias, field in self.path:
            value = request.scope["path_params"][alias]
            values[field.name], wrong = field.validate(value, loc=("path", alias))
            errors += wrong
        for source, fields in self.others:
            found, wrong = request_params_to_args(fields, getattr(request, source))
            values |= found
            errors += wrong
