"""Strict requests: no value is coerced, no field is dropped."""

import re
import sys
from typing import Any

from fastapi import Request
from pydantic_core import PydanticUndefined, from_json
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY

from app.core.exceptions import (
    BadRequestException,
    ContentTooLargeException,
    UnsupportedMediaTypeException,
)
from app.core.web.etag import Preconditions

NO_QUERY = QueryParams()
MAX_DIGITS = 18  # of a Content-Length
# In a body, which is parsed at once: 8 MiB of empty lists would take 0.6 s.
MAX_COMMAS = 500_000
# Types of bodies, and the one that is named where another was sent.
URLENCODED = "application/x-www-form-urlencoded"
JSON = re.compile(r"application/([^/]*\+)?json"), "application/json"
FORM = re.compile(f"({URLENCODED}|multipart/form-data)?"), URLENCODED
# In the scope: the hash of a body that was not kept in memory.
BODY_DIGEST = "app.body_digest"
PRECONDITIONS = "app.preconditions"  # in the scope
UNREADABLE = "There was an error parsing the body"


def read_preconditions(request: Request) -> Preconditions:
    """Return the conditional headers, which are read once for each request."""
    found: Preconditions | None = request.scope.get(PRECONDITIONS)
    if found is None:
        found = request.scope[PRECONDITIONS] = Preconditions(
            join_lines(request.headers.getlist("if-match")),
            join_lines(request.headers.getlist("if-none-match")),
        )
    return found


def join_lines(lines: list[str]) -> str | None:
    """Join the lines of one header into one list (RFC 9110, section 5.3)."""
    return ", ".join(lines) if lines else None


class StrictRequest(Request):
    is_answered = False

    def can_be_repeated(self) -> bool:
        """Return whether nothing was sent yet, and the body is still there."""
        has_body = hasattr(self, "_body") or not self._stream_consumed
        return has_body and not self.is_answered

    @property
    def method(self) -> str:
        # The parent's calls a function that does nothing, for each of many reads.
        method: str = self.scope["method"]
        return method

    @property
    def query_params(self) -> QueryParams:
        """Return nothing: query_params.py reads the query, so FastAPI must not."""
        return NO_QUERY

    async def json(self) -> Any:
        # The standard parser accepts NaN, lone surrogates and unlimited nesting, each
        # of which would fail later, in the database or in the response.
        if not hasattr(self, "parsed"):
            body = await self.body()
            if body.count(b",") > MAX_COMMAS:
                raise ValueError("Too many values")
            self.parsed = from_json(body, allow_inf_nan=False)
        return self.parsed

    async def parsed_body(self) -> Any:
        """Return the JSON value of the body, PydanticUndefined if it is empty.

        Raises:
            BadRequestException: the body is malformed or incomplete.
        """
        try:
            return await self.json() if await self.body() else PydanticUndefined
        except HTTPException:  # 413, from the framework
            raise
        except Exception as error:
            raise BadRequestException(UNREADABLE) from error


def check_size(request: Request) -> None:
    """Reject a body whose Content-Length is over the limit.

    The framework checks only while the body is read, and some handlers never read it.
    """
    length = request.headers.get("content-length", "")
    limit: int = request.scope.get(MAX_BODY_SIZE_SCOPE_KEY, sys.maxsize)
    if length.isdecimal() and (len(length) > MAX_DIGITS or int(length) > limit):
        raise ContentTooLargeException("The body is too large")


def check_encoding(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMediaTypeException(
            "Content-Encoding is not supported: send the body uncompressed"
        )


def check_type(request: Request, accepted: tuple[re.Pattern[str], str]) -> None:
    pattern, named = accepted
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not pattern.fullmatch(kind):
        raise UnsupportedMediaTypeException(f"Content-Type must be {named}")
