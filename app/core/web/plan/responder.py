"""The response of a route, made of the result of its endpoint."""

from functools import partial
from typing import Any

from fastapi import Request, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.exceptions import EndpointContext, RequestValidationError
from fastapi.routing import APIRoute, _extract_endpoint_context, serialize_response
from fastapi.utils import is_body_allowed_for_status_code
from pydantic_core import PydanticUndefined

from app.core.web.plan.run import FIRST_CALL, Invalid, Run


class Responder:
    """Maker of one route's responses. FastAPI's functions validate and serialize."""

    def __init__(self, route: APIRoute) -> None:
        self.route = route
        self.context = _extract_endpoint_context(route.endpoint)
        kind = route.response_class
        has_default = isinstance(kind, DefaultPlaceholder)
        # Unless the route has a class of its own, Pydantic writes the JSON.
        writes_json = has_default and route.response_field is not None
        self.make: Any = kind.value if isinstance(kind, DefaultPlaceholder) else kind
        if writes_json:
            self.make = partial(Response, media_type="application/json")
        self.serialize = partial(
            serialize_response,
            field=route.response_field,
            include=route.response_model_include,
            exclude=route.response_model_exclude,
            by_alias=route.response_model_by_alias,
            exclude_unset=route.response_model_exclude_unset,
            exclude_defaults=route.response_model_exclude_defaults,
            exclude_none=route.response_model_exclude_none,
            dump_json=writes_json,
        )

    async def respond(self, run: Run) -> Response:
        """Return the endpoint's result, or a response that contains it.

        Raises:
            RequestValidationError: the endpoint was not called.
            ResponseValidationError: the result does not fit the response model.
        """
        result = run.results[-1]
        request, injected, tasks = run.results[:FIRST_CALL]
        if isinstance(result, Response):
            if result.background is None:
                result.background = tasks
            return result
        context = self.context_of(request)
        if isinstance(result, Invalid):
            body = None if run.body is PydanticUndefined else run.body
            raise RequestValidationError(result.errors, body=body, endpoint_ctx=context)
        content = await self.serialize(response_content=result, endpoint_ctx=context)
        status = injected.status_code or self.route.status_code
        options = {"status_code": status} if status else {}
        response: Response = self.make(content, background=tasks, **options)
        if not is_body_allowed_for_status_code(response.status_code):
            response.body = b""
        response.raw_headers.extend(injected.raw_headers)
        return response

    def context_of(self, request: Request) -> EndpointContext:
        """Return the place in the code that the error's message names."""
        mount = request.scope.get("root_path", "").rstrip("/")
        path = f"{request.method} {mount}{self.route.path_format}"
        return {**self.context, "path": path}
