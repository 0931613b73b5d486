"""Parts of the OpenAPI document that are common to all routes."""

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from app.core.problem import MEDIA_TYPE, Problem, title
from app.core.schemas import Read
from app.core.web.etag import TAGS

Json = dict[str, Any]
WRITING = {"POST", "PATCH", "PUT", "DELETE"}
REFERENCE = "#/components/schemas/{model}"
ETAG = {"description": "The record's version", "schema": {"type": "string"}}
LOCATION = {"description": "The new record's address", "schema": {"type": "string"}}
REWRITTEN = 'A compressing proxy may rewrite it: `W/"1"` and `"1-gzip"` are `"1"`.'
# As `openapi_extra` of a route: it ignores If-Match and If-None-Match.
UNCONDITIONAL: Json = {}


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
    model, extra = options["response_model"], options["openapi_extra"]
    takes_headers = extra != UNCONDITIONAL
    conditions = [*conditions_of(path, method, model)] if takes_headers else []
    names = {each["name"] for each in conditions}
    given = options["responses"] or {}
    responses = documented(*errors_of(path, method, "If-Match" in names)) | given
    if is_read(model):
        success = options["status_code"] or 200
        headers = {"ETag": ETAG} | ({"Location": LOCATION} if success == 201 else {})
        responses[success] = {"headers": headers, **given.get(success, {})}
    if "If-None-Match" in names:
        responses[304] = not_modified("The client has this version already", ETAG)
    options["responses"] = responses
    if takes_headers:
        options["openapi_extra"] = with_parameters(extra or {}, (*conditions, *added))


def not_modified(description: str, etag: Json) -> Json:
    return {"description": description, "headers": {"ETag": etag}}


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


def errors_of(path: str, method: str, takes_version: bool) -> set[int]:
    """Return the statuses; 415 is removed from operations without a body."""
    statuses = {400, 422, 500, 503}
    if "{" in path:
        statuses |= {404}
    if takes_version:
        statuses |= {412}
    if method in WRITING:
        statuses |= {409, 413, 415}
    return statuses


def conditions_of(path: str, method: str, model: object) -> Iterator[Json]:
    """Yield If-Match where one record is changed, If-None-Match where it is shown."""
    # PATCH /auth/me changes the record of the caller.
    if method == "PATCH" or ("{" in path and method in WRITING):
        yield header("If-Match", "Proceed only if the record still has this ETag.")
    if method == "GET" and is_read(model):
        yield header("If-None-Match", "Return 304 if the record still has this ETag.")


def header(name: str, description: str) -> Json:
    description = f"{description} {REWRITTEN}"
    schema = {"type": "string", "pattern": f"^({TAGS.pattern})$", "examples": ['"1"']}
    return {"name": name, "in": "header", "description": description, "schema": schema}


def is_read(model: object) -> bool:
    """Return whether a response may be one record."""
    kinds = get_args(model) or (model,)
    return any(isinstance(kind, type) and issubclass(kind, Read) for kind in kinds)
