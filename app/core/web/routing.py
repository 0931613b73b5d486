"""How this API reads a request and labels an answer: strict JSON in, ETags out."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from fastapi import APIRouter, Request, Response, params
from fastapi.routing import APIRoute

from app.core.context import Context, current_context
from app.core.models import Entity
from app.core.schemas import Read
from app.core.web.etag import is_known
from app.core.web.openapi import describe
from app.core.web.query_params import QueryReader, reader_of
from app.core.web.request import StrictRequest, check_encoding, check_size, check_type

Endpoint = Callable[..., Awaitable[Any]]

API = "/api/v1"


class Route(APIRoute):
    """A route that reads strictly, and whose answer names the version it shows."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        self.answer = Answer(endpoint)
        describe(path, options)
        super().__init__(path, self.answer.wrapped(), **options)

    def get_route_handler(self) -> Callable[[Request], Any]:
        # What the document shows; to serve it, FastAPI is told of no query.
        whole = self.dependant
        self.answer.query, self.answer.reader = reader_of(whole)
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

    Its routes are added to the application as they are (see `Application.add`).
    """
    return APIRouter(
        prefix=f"{API}{prefix}",
        route_class=Route,
        generate_unique_id_function=lambda route: route.name,
        **options,
    )


class Answer:
    """An endpoint that is given its query, and labels what it returns.

    Whoever returns one entity says, by the same act, which version of what it is;
    middleware.py makes ETag and Location of it.
    """

    # The argument that takes the query, and what reads it: the route says so.
    query: str
    reader: QueryReader

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def wrapped(self) -> Endpoint:
        @wraps(self.endpoint)
        async def answer(*args: Any, **values: Any) -> Any:
            context = current_context()
            if self.query:
                values[self.query] = self.reader.read(context.query)
            elif context.query:
                self.reader.read(context.query)
            result = await self.endpoint(*args, **values)
            return (
                label(result, context) if isinstance(result, Entity | Read) else result
            )

        return answer


def label(entity: Entity | Read, context: Context) -> Any:
    context.shown_id, context.shown_version = entity.id, entity.version
    known = context.method in ("GET", "HEAD") and is_known(entity.version)
    # Only a table's own row is the same while its version is.
    if known and isinstance(entity, Entity):
        return Response(status_code=304)
    return entity
