"""A request that is read strictly: nothing is guessed, nothing is dropped."""

import sys
from typing import Any

from fastapi import Request
from pydantic_core import from_json
from starlette.datastructures import QueryParams
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY

from app.core.exceptions import ContentTooLargeException, UnsupportedMediaTypeException

NOTHING = QueryParams()
LONGEST = 18  # digits of a number of bytes


class StrictRequest(Request):
    @property
    def query_params(self) -> QueryParams:
        """Hide the query from FastAPI: it is read by query_params.py."""
        return NOTHING

    async def json(self) -> Any:
        # The standard parser lets through NaN, lone surrogates and bottomless
        # nesting: all of them crash later, in the database or in the response.
        return from_json(await self.body(), allow_inf_nan=False)


def check_size(request: Request) -> None:
    """Refuse a body that is announced as too large.

    The framework would, too; but where nobody reads the body, only once all is done.
    """
    length = request.headers.get("content-length", "")
    limit: int = request.scope.get(MAX_BODY_SIZE_SCOPE_KEY, sys.maxsize)
    if length.isdecimal() and (len(length) > LONGEST or int(length) > limit):
        raise ContentTooLargeException("The body is too large")


def check_encoding(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMediaTypeException(
            "Send the body as it is, without a Content-Encoding"
        )


def check_type(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not (kind.startswith("application/") and kind.endswith(("/json", "+json"))):
        raise UnsupportedMediaTypeException("Send the body as application/json")
