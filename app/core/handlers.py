"""Exception handlers: each error becomes a problem document (RFC 9457)."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic_core import to_jsonable_python
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from app.core.context import current_context
from app.core.db.database_errors import to_app_exception
from app.core.exceptions import (
    AppException,
    PreconditionFailedException,
    StaleException,
    UnavailableException,
    ValidationFailedException,
)
from app.core.problem import CODES, MEDIA_TYPE, FieldError, Problem, message_of, title

MAX_KEY_LENGTH = 100

logger = structlog.get_logger()


class ProblemResponse(JSONResponse):
    media_type = MEDIA_TYPE


def problem(
    path: str,
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> ProblemResponse:
    """Return an error response; `fields` are members of Problem, such as `code`."""
    body = problem_body(path, status, detail, **fields)
    return ProblemResponse(body.model_dump(exclude_unset=True), status, headers)


def problem_body(path: str, status: int, detail: str, **fields: Any) -> Problem:
    return Problem(
        type="about:blank",
        title=title(status),
        status=status,
        detail=detail,
        instance=quote(path),
        request_id=current_context().request_id,
        **({"code": CODES.get(status, f"http_{status}")} | fields),
    )


def describe_error(path: str, error: AppException) -> Problem:
    return problem_body(path, error.status, error.detail, **fields_of(error))


def fields_of(error: AppException) -> dict[str, Any]:
    fields: dict[str, Any] = {"code": error.code}
    if error.errors or isinstance(error, ValidationFailedException):
        fields["errors"] = shown_errors(error.errors[: error.max_errors])
    return fields


async def on_app_exception(request: Request, error: AppException) -> ProblemResponse:
    path = request.scope["path"]
    if isinstance(error, StaleException) and "if-match" in request.headers:
        error = PreconditionFailedException(error.detail)
    fields = fields_of(error)
    return problem(path, error.status, error.detail, error.headers, **fields)


async def on_http_exception(request: Request, error: HTTPException) -> ProblemResponse:
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(allowed_methods(request)))
    return problem(request.scope["path"], error.status_code, error.detail, headers)


async def on_validation_error(
    request: Request, error: RequestValidationError
) -> ProblemResponse:
    return await on_app_exception(request, ValidationFailedException(error.errors()))


async def on_database_error(request: Request, error: Exception) -> ProblemResponse:
    translated = to_app_exception(error)
    if translated is None:
        raise error
    if isinstance(translated, UnavailableException):
        logger.warning("unavailable", reason=repr(error))
    return await on_app_exception(request, translated)


async def on_crash(request: Request, error: Exception) -> ProblemResponse:
    return problem(request.scope["path"], 500, "Internal error; see the server's log")


def shown_errors(errors: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    # Neither `input` nor `ctx`: they would echo a password back, and into logs.
    return [
        FieldError(loc=[*map(shorten, e["loc"])], type=e["type"], msg=message_of(e))
        for e in errors
    ]


def shorten(key: Any) -> Any:
    key = key[:MAX_KEY_LENGTH] if isinstance(key, str) else key
    return to_jsonable_python(key)


def allowed_methods(request: Request) -> set[str]:
    """Return the methods of all routes with this path, not of the first one only."""
    path = get_route_path(request.scope)
    matching = [
        route
        for route in iter_route_contexts(request.app.routes)
        if route.path and compile_path(route.path)[0].match(path)
    ]
    # /products/{product_id} matches /products/stats, too.
    exact = [route for route in matching if route.path == path] or matching
    methods = {method for route in exact for method in route.methods or ()}
    return methods | {"HEAD"} if "GET" in methods else methods


def install_handlers(app: FastAPI) -> None:
    app.exception_handler(AppException)(on_app_exception)
    app.exception_handler(HTTPException)(on_http_exception)
    app.exception_handler(RequestValidationError)(on_validation_error)
    for kind in (DBAPIError, StaleDataError, PoolTimeoutError, OSError, OverflowError):
        app.exception_handler(kind)(on_database_error)
    app.exception_handler(Exception)(on_crash)
