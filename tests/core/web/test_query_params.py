"""Query models of handlers. tests/hostile tests the queries of clients."""

from collections.abc import Callable
from typing import Annotated

import pytest
from fastapi import Depends, Query
from fastapi.testclient import TestClient
from pydantic import Field

from app.core.exceptions import ValidationFailedException
from app.core.pagination import PageQuery
from app.core.schemas import Read, Strict
from app.core.web.query_params import QueryReader
from app.core.web.routing import api_router
from tests.contract import status_and_code


async def one_flag(verbose: bool = False) -> None: ...


async def two_models(
    page: Annotated[PageQuery, Query()], other: Annotated[PageQuery, Query()]
) -> None: ...


async def lenient_model(query: Annotated[Read, Query()]) -> None: ...


async def query_in_a_dependency(
    page: Annotated[PageQuery, Depends(one_flag)],
) -> None: ...


HANDLERS = [one_flag, two_models, lenient_model, query_in_a_dependency]


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_query_is_one_strict_model(handler: Callable[..., None]) -> None:
    router = api_router("/pens")
    with pytest.raises(TypeError, match="in one Strict model"):
        router.get("", response_model=None)(handler)


def test_a_field_is_read_by_its_alias() -> None:
    class Sizes(Strict):
        sizes: list[str] = Field(alias="size")

    reader = QueryReader(Sizes)
    assert reader.read(b"size=a&size=b") == Sizes(size=["a", "b"])
    with pytest.raises(ValidationFailedException):
        reader.read(b"sizes=a")


def test_authentication_precedes_query_validation(
    anonymous: TestClient,
) -> None:
    for query in ("q=%ff", "limit=0", "surprise=1", "limit=1&limit=2"):
        refused = anonymous.get(f"products?{query}")
        assert status_and_code(refused) == (401, "invalid_token"), query


def test_an_empty_parameter_name_is_reported(client: TestClient) -> None:
    refused = client.get("products?=1")
    assert refused.json()["errors"][0]["loc"] == ["query", ""]
