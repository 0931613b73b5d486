"""Parts of the OpenAPI document that are common to all routes."""

from collections.abc import Iterable, Iterator
from typing import Any

from app.core.problem import MEDIA_TYPE, Problem, title
from app.core.schemas import Read
from app.core.web.etag import TAGS

Json = dict[str, Any]
WRITING = {"POST", "PATCH", "PUT", "DELETE"}
REFERENCE = "#/components/schemas/{model}"
ETAG = {"description": "The record's version", "schema": {"type": "string"}}
LOCATION = {"description": "The new record's address", "schema": {"type": "string"}}


def documented(*statuses: int) -> dict[int | str, Json]:
    """Return OpenAPI responses for these errors, each with the problem's schema."""
    schema = {"$ref": REFERENCE.format(model=Problem.__name__)}
    content = {MEDIA_TYPE: {"schema": schema}}
    return {
        status: {"description": title(status), "content": content}
        for status in sorted(statuses)
    }


def describe(path: str, options: Json, added: Iterable[Json]) -> None:
    """Add to a route's options what follows from its path, method and response.

    `added` are headers that the route takes.
    """
    (method,) = options["methods"]
    shows_entity = is_read(options["response_model"])
    given = options["responses"] or {}
    responses = documented(*errors_of(path, method)) | given
    if shows_entity:
        success = options["status_code"] or 200
        headers = {"ETag": ETAG} | ({"Location": LOCATION} if success == 201 else {})
        responses[success] = {"headers": headers, **given.get(success, {})}
    if shows_entity and method == "GET":
        responses[304] = {"description": "The client has this version already"}
    options["responses"] = responses
    if options["openapi_extra"] != {}:  # of a route that takes no headers
        extra = options["openapi_extra"] or {}
        taken = *preconditions_of(path, method, shows_entity), *added
        options["openapi_extra"] = with_parameters(extra, taken)


def headers_of(dependencies: Iterable[Any]) -> Iterator[Json]:
    """Yield the headers that dependencies of a route take."""
    for depends in dependencies:
        yield from getattr(depends.dependency, "headers", ())


def with_parameters(extra: Json, added: Iterable[Json]) -> Json | None:
    """Add parameters, unless a copy of a route has them already."""
    every = (*extra.get("parameters", ()), *added)
    parameters = {each["name"]: each for each in every}
    whole = extra | {"parameters": [*parameters.values()]} if parameters else extra
    return whole or None


REWRITTEN = 'A compressing proxy may rewrite it: `W/"1"` and `"1-gzip"` are `"1"`.'


def errors_of(path: str, method: str) -> set[int]:
    statuses = {400, 422, 500, 503}
    if "{" in path:
        statuses |= {404}
    if method in WRITING:
        statuses |= {409, 412} if "{" in path else {409}
    if method in WRITING - {"DELETE"}:
        statuses |= {413, 415}
    return statuses


def preconditions_of(path: str, method: str, shows_entity: bool) -> Iterator[Json]:
    if "{" in path and method in WRITING:
        yield header("If-Match", "Proceed only if the record still has this ETag.")
    if shows_entity and method == "GET":
        yield header("If-None-Match", "Return 304 if the record still has this ETag.")


def header(name: str, description: str) -> Json:
    description = f"{description} {REWRITTEN}"
    schema = {"type": "string", "pattern": f"^({TAGS.pattern})$", "examples": ['"1"']}
    return {"name": name, "in": "header", "description": description, "schema": schema}


def is_read(model: object) -> bool:
    return isinstance(model, type) and issubclass(model, Read)
