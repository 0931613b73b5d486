"""Names in the schemas of a collection that its routes could not serve."""

from typing import Any

import pytest
from pydantic import create_model

from app.core.web.collections import resource
from app.modules.products.routers import router
from app.modules.products.schemas import ProductQuery, ProductRead


@pytest.mark.parametrize("name", ["as_of", "by", "fields", "format", "include"])
def test_a_filter_with_the_name_of_another_parameter_is_rejected(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own: dict[str, Any] = {name: (bool | None, None)}
    query = create_model("PenQuery", __base__=ProductQuery, **own)
    monkeypatch.setattr(resource, "query_of", lambda _: query)
    with pytest.raises(TypeError, match=f"PenQuery has a filter {name}: every"):
        resource.resource_of(router)


def test_a_field_that_rows_do_not_have_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such as a property of the entity: a record would have it, a list be 500."""
    own: dict[str, Any] = {"label": (str, ...)}
    read = create_model("PenRead", __base__=ProductRead, **own)
    reading = resource.route_of(router, "GET", resource.ONE)
    monkeypatch.setattr(reading, "response_model", read)
    with pytest.raises(TypeError, match="read rows of product, without label"):
        resource.resource_of(router)
