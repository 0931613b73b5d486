"""A request that is read strictly: nothing is guessed, nothing is dropped."""

from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic_core import from_json
from starlette.datastructures import QueryParams

from app.core.exceptions import ValidationFailedException

MOST_PARAMETERS = 100


class StrictQuery(QueryParams):
    def get(self, key: Any, default: Any = None) -> Any:
        """Return a scalar, which may have been sent once at most."""
        values = self.getlist(key)
        if len(values) > 1:
            raise invalid_query(key, "repeated", "This may be given only once")
        return values[0] if values else default


class StrictRequest(Request):
    @property
    def query_params(self) -> QueryParams:
        if not hasattr(self, "_query_params"):
            self._query_params = StrictQuery(parse_query(self.scope["query_string"]))
        return self._query_params

    async def json(self) -> Any:
        # The standard parser lets through NaN, lone surrogates and bottomless
        # nesting: all of them crash later, in the database or in the response.
        return from_json(await self.body(), allow_inf_nan=False)


def parse_query(raw: bytes) -> list[tuple[str, str]]:
    if not raw:
        return []
    try:
        return parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        raise invalid_query("", "unreadable", "The query is not readable") from None


def invalid_query(name: str, kind: str, message: str) -> ValidationFailedException:
    loc = ("query", name) if name else ("query",)
    return ValidationFailedException([{"loc": loc, "type": kind, "msg": message}])
