"""Routes of the API: strict requests in, responses with entity tags out."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any

from fastapi import APIRouter, Request, Response, params
from fastapi.routing import APIRoute

from app.core.models import Entity
from app.core.schemas import Read
from app.core.web.etag import format_etag
from app.core.web.openapi import describe
from app.core.web.query_params import QueryReader, reader_of
from app.core.web.request import (
    StrictRequest,
    check_encoding,
    check_size,
    check_type,
    read_preconditions,
)

Endpoint = Callable[..., Awaitable[Any]]

API = "/api/v1"


class Route(APIRoute):
    """Route with strict requests, and with entity tags in responses."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        self.adapter = EndpointAdapter(endpoint, options.get("status_code") == 201)
        describe(path, options)
        super().__init__(path, self.adapter.adapted(), **options)
        self.options = options

    def with_endpoint(self, endpoint: Endpoint) -> "Route":
        """Return a copy of this route with another endpoint."""
        return type(self)(self.path, endpoint, **self.options)

    def get_route_handler(self) -> Callable[[Request], Any]:
        # The document needs the query's model, but FastAPI must not parse the query.
        whole = self.dependant
        self.adapter.query, self.adapter.reader = reader_of(whole)
        self.dependant = replace(whole, query_params=[])
        handle = super().get_route_handler()
        self.dependant = whole
        field = self.body_field
        wants_json = field and not isinstance(field.field_info, params.Form)

        async def handle_strictly(request: Request) -> Response:
            check_size(request)
            if field:
                check_encoding(request)
            if wants_json:
                check_type(request)
            strict = StrictRequest(request.scope, request.receive)
            response: Response = await handle(strict)
            return response

        return handle_strictly


def api_router(prefix: str, **options: Any) -> APIRouter:
    """Return a router of the API, whose handlers' names are the operation ids.

    `Application.add` adds its routes to the application.
    """
    return APIRouter(
        prefix=f"{API}{prefix}",
        route_class=Route,
        generate_unique_id_function=lambda route: route.name,
        **options,
    )


class EndpointAdapter:
    """Endpoint wrapper that reads the query, and sets ETag and Location."""

    # The argument that takes the query, "" for none; set by the route.
    query: str
    reader: QueryReader

    def __init__(self, endpoint: Endpoint, creates: bool) -> None:
        self.endpoint, self.creates = endpoint, creates

    def adapted(self) -> Endpoint:
        own = signature(self.endpoint)
        # FastAPI injects by signature, and a request into one parameter only.
        both = [parameter_for(own, kind) for kind in (Request, Response)]
        added = [each for each in both if each.name not in own.parameters]
        request_name, response_name = (each.name for each in both)
        foreign = {each.name for each in added}

        @wraps(self.endpoint)
        async def adapted(**values: Any) -> Any:
            request: Request = values[request_name]
            response: Response = values[response_name]
            for name in foreign:
                del values[name]
            raw = request.scope["query_string"]
            query = self.reader.read(raw) if raw else self.reader.defaults
            if self.query:
                values[self.query] = query
            result = await self.endpoint(**values)
            tags = isinstance(result, Entity | Read)
            return self.tagged(result, request, response) if tags else result

        parameters = [*own.parameters.values(), *added]
        adapted.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        return adapted

    def tagged(
        self, entity: Entity | Read, request: Request, response: Response
    ) -> Any:
        """Return the entity with its headers set; 304 if the client has this version.

        A Read may be made of several tables, so its version does not identify it.
        """
        tag = format_etag(entity.version)
        reads = request.method == "GET"
        held = reads and read_preconditions(request).holds(entity.version)
        if held and isinstance(entity, Entity):
            return Response(status_code=304, headers={"ETag": tag})
        response.headers["ETag"] = tag
        if self.creates:
            response.headers["Location"] = f"{request.scope['path']}/{entity.id}"
        return entity


def parameter_for(own: Signature, kind: type) -> Parameter:
    """Return the endpoint's parameter of this type, or one to add to its signature."""
    for parameter in own.parameters.values():
        if parameter.annotation is kind:
            return parameter
    name = f"_{kind.__name__.lower()}"
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind)
