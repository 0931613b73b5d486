"""Routes of the API: strict requests in, responses with entity tags out."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response, params
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, request_response
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from app.core.web.before_commit import before_commit
from app.core.web.endpoint_adapter import Endpoint, EndpointAdapter
from app.core.web.openapi import describe, documented, headers_of
from app.core.web.plan.cancel_scope import in_cancel_scope
from app.core.web.plan.plan import Plan
from app.core.web.plan.plannable import is_plannable
from app.core.web.plan.planned_app import PlannedApp
from app.core.web.query_params import reader_of
from app.core.web.request import (
    FORM,
    JSON,
    StrictRequest,
    check_encoding,
    check_size,
    check_type,
)

API = "/api/v1"


class Route(APIRoute):
    """Route with strict requests, and with entity tags in responses.

    `headers` are further ones, for the document.
    """

    headers: tuple[dict[str, Any], ...] = ()

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        self.adapter = EndpointAdapter(endpoint, options.get("status_code") == 201)
        dependencies = options.get("dependencies") or ()
        describe(path, options, (*self.headers, *headers_of(dependencies)))
        if options.get("status_code") == 204:
            options["response_class"] = Response  # without a type of no content
        super().__init__(path, self.adapter.adapted(), **options)
        self.options = options
        self.literal = path.partition("{")[0]
        self.adapter.query, self.adapter.reader = reader_of(self.dependant)
        self.head_checks = [*head_checks(self.dependant)]
        self.planned = self.planned_app()
        self.app = self.serve
        if self.max_body_size is not None:
            self.app = RequestBodyLimitMiddleware(self.serve, self.max_body_size)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # All routes are tried in turn. Most fail here, in a sixth of the time.
        path, literal = scope["path"], self.literal  # the root path may precede it
        if not (path.endswith(literal) if literal == self.path else literal in path):
            return Match.NONE, {}
        return super().matches(scope)

    def with_endpoint(
        self, endpoint: Endpoint, *statuses: int, **options: Any
    ) -> "Route":
        """Return a copy of this route with another endpoint, errors and options."""
        responses = documented(*statuses) | (self.options["responses"] or {})
        for status, response in (options.get("responses") or {}).items():
            responses[status] = responses.get(status, {}) | response
        changed = {**self.options, **options, "responses": responses}
        return type(self)(self.path, endpoint, **changed)

    def without_query(self) -> Dependant:
        # The document needs the query's model, but FastAPI must not parse the query.
        return replace(self.dependant, query_params=[])

    def has_form(self) -> bool:
        return isinstance(getattr(self.body_field, "field_info", None), params.Form)

    def planned_app(self) -> PlannedApp | None:
        """Return an application that follows a plan, if one can be made."""
        dependant = self.without_query()
        if self.has_form() or not is_plannable(dependant):
            return None
        plan = Plan(dependant, embeds=self._embed_body_fields)
        return PlannedApp(self, plan, self.check)

    def check(self, request: Request) -> None:
        check_size(request)
        if self.body_field:
            for check in self.head_checks:
                check(request)
            check_encoding(request)
            check_type(request, FORM if self.has_form() else JSON)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: FastAPI = scope["app"]
        # Overrides and spans are FastAPI's. It also shields the generators' cleanup
        # from a cancellation by AnyIO, which costs 23 us and is rarely possible.
        is_plain = not app.dependency_overrides and not scope.get("fastapi.telemetry")
        if self.planned and is_plain and not in_cancel_scope():
            await self.planned(scope, receive, send)
            return
        overridden = copy(self)
        overridden.dependency_overrides_provider = app
        await request_response(overridden.get_route_handler())(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Any]:
        whole = self.dependant
        self.dependant = self.without_query()
        handle = super().get_route_handler()
        self.dependant = whole

        async def handle_strictly(request: Request) -> Response:
            self.check(request)
            strict = StrictRequest(request.scope, request.receive)
            response: Response = await handle(strict)
            await before_commit(request.scope, response)
            return response

        return handle_strictly


def head_checks(dependant: Dependant) -> Iterator[Callable[[Request], None]]:
    """Yield the method `check_head` of each dependency that has one.

    It rejects a request by its head, so that a stranger's body is not read.
    """
    if check := getattr(dependant.call, "check_head", None):
        yield check
    for each in dependant.dependencies:
        yield from head_checks(each)


def api_router(
    prefix: str, route_class: type[Route] = Route, **options: Any
) -> APIRouter:
    """Return a router of the API, whose handlers' names are the operation ids.

    `Application.add` adds its routes to the application.
    """
    return APIRouter(
        prefix=f"{API}{prefix}",
        route_class=route_class,
        generate_unique_id_function=lambda route: route.name,
        **options,
    )
