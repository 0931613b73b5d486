"""A request that is read strictly: nothing is guessed, nothing is dropped."""

from typing import Any

from fastapi import Request
from pydantic_core import from_json
from starlette.datastructures import QueryParams

NOTHING = QueryParams()


class StrictRequest(Request):
    @property
    def query_params(self) -> QueryParams:
        """Hide the query from FastAPI: it is read by query.py."""
        return NOTHING

    async def json(self) -> Any:
        # The standard parser lets through NaN, lone surrogates and bottomless
        # nesting: all of them crash later, in the database or in the response.
        return from_json(await self.body(), allow_inf_nan=False)
