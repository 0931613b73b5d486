"""Endpoints with what all routes share: the query, entity tags, Location."""

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any

from fastapi import Request, Response

from app.core.models import Entity
from app.core.schemas import Read
from app.core.web.etag import format_etag
from app.core.web.query_params import QueryReader
from app.core.web.request import read_preconditions

Endpoint = Callable[..., Awaitable[Any]]


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
        held = reads and read_preconditions(request).names(tag)
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
