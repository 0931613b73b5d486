"""Filters of a collection whose names its routes need for other parameters."""

from typing import Any

import pytest
from pydantic import create_model

from app.core.web.collections import resource
from app.modules.products.routers import router
from app.modules.products.schemas import ProductQuery


@pytest.mark.parametrize("name", ["as_of", "by", "fields", "format", "include"])
def test_a_filter_with_the_name_of_another_parameter_is_rejected(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own: dict[str, Any] = {name: (bool | None, None)}
    query = create_model("PenQuery", __base__=ProductQuery, **own)
    monkeypatch.setattr(resource, "query_of", lambda _: query)
    with pytest.raises(TypeError, match=f"PenQuery has a filter {name}: every"):
        resource.resource_of(router)
