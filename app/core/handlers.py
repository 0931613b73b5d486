"""Every error leaves the API in one shape: RFC 9457, application/problem+json."""

from collections.abc import Mapping
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
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from app.core.context import current_context
from app.core.db.database_errors import to_app_exception
from app.core.exceptions import (
    AppException,
    UnavailableException,
    ValidationFailedException,
)
from app.core.problem import CODES, MEDIA_TYPE, title

MOST_ERRORS = 20
LONGEST_KEY = 100

logger = structlog.get_logger()


class ProblemResponse(JSONResponse):
    media_type = MEDIA_TYPE


def problem(
    path: str,
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> ProblemResponse:
    body = {
        "type": "about:blank",
        "title": title(status),
        "status": status,
        "detail": detail,
        "instance": quote(path),
        "code": CODES.get(status, f"http_{status}"),
        "request_id": current_context().request_id,
    }
    return ProblemResponse(body | extra, status, headers)


async def on_app_exception(request: Request, error: AppException) -> ProblemResponse:
    path = request.scope["path"]
    if isinstance(error, ValidationFailedException):
        return invalid(path, error.errors)
    return problem(path, error.status, error.detail, error.headers, code=error.code)


async def on_http(request: Request, error: HTTPException) -> ProblemResponse:
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(methods_of(request)))
    return problem(request.scope["path"], error.status_code, error.detail, headers)


async def on_invalid(
    request: Request, error: RequestValidationError
) -> ProblemResponse:
    return invalid(request.scope["path"], error.errors())


async def on_failure(request: Request, error: Exception) -> ProblemResponse:
    explained = to_app_exception(error)
    if explained is None:
        raise error
    if isinstance(explained, UnavailableException):
        logger.warning("unavailable", reason=repr(error))
    return await on_app_exception(request, explained)


async def on_crash(request: Request, error: Exception) -> ProblemResponse:
    return problem(request.scope["path"], 500, "Something went wrong on our side")


def invalid(path: str, errors: Any) -> ProblemResponse:
    # Never `input` or `ctx`: they would echo a password back, into logs as well.
    shown = [
        {"loc": [short(key) for key in e["loc"]], "type": e["type"], "msg": e["msg"]}
        for e in errors[:MOST_ERRORS]
    ]
    return problem(path, 422, "The request is not valid", errors=shown)


def short(key: Any) -> Any:
    return to_jsonable_python(key[:LONGEST_KEY] if isinstance(key, str) else key)


def methods_of(request: Request) -> set[str]:
    """Return every method that this path knows; Starlette names the first route's."""
    methods = {
        method
        for route in iter_route_contexts(request.app.routes)
        if route.path and compile_path(route.path)[0].match(request.scope["path"])
        for method in route.methods or ()
    }
    return methods | {"HEAD"} if "GET" in methods else methods


def install_handlers(app: FastAPI) -> None:
    app.exception_handler(AppException)(on_app_exception)
    app.exception_handler(HTTPException)(on_http)
    app.exception_handler(RequestValidationError)(on_invalid)
    for failure in (DBAPIError, StaleDataError, PoolTimeoutError, OSError):
        app.exception_handler(failure)(on_failure)
    app.exception_handler(Exception)(on_crash)
