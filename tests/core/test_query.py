"""Queries: what a handler may ask for. What clients may send is in tests/hostile."""

from collections.abc import Callable
from typing import Annotated

import pytest
from fastapi import Query

from app.core.pagination import PageQuery
from app.core.routing import api_router
from app.core.schemas import Read


async def one_flag(verbose: bool = False) -> None: ...


async def two_models(
    page: Annotated[PageQuery, Query()], other: Annotated[PageQuery, Query()]
) -> None: ...


async def lenient_model(query: Annotated[Read, Query()]) -> None: ...


@pytest.mark.parametrize("handler", [one_flag, two_models, lenient_model])
def test_a_query_is_one_strict_model(handler: Callable[..., None]) -> None:
    router = api_router("/pens")
    with pytest.raises(TypeError, match="in one Strict model"):
        router.get("", response_model=None)(handler)
