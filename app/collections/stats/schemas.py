"""Query and response of the statistics of a collection."""

from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from app.core.db.collections.column_kinds import choices_of
from app.core.pagination import PAGING_FIELDS, FilterQuery
from app.core.web.collections.resource import Resource

Choices = dict[str, dict[Any, str]]


class Stats(BaseModel):
    by: str
    counts: dict[str, int] = Field(
        description="The number of records with each value, also where it is 0."
    )
    total: int


def countable(resource: Resource) -> Choices:
    """Return the enums and flags that are shown, with the texts of their values."""
    found = choices_of(resource.entity.__table__)
    shown = resource.read.model_fields
    return {name: values for name, values in found.items() if name in shown}


def stats_query(resource: Resource) -> type[FilterQuery]:
    """Return the query of statistics: `by`, and the filters of the list."""
    by: Any = Literal[tuple(countable(resource))]
    filters: dict[str, Any] = {
        name: (field.annotation, field)
        for name, field in resource.query.model_fields.items()
        if name == "q" or name not in PAGING_FIELDS
    }
    filters["by"] = (by, Field(description="The field whose values are counted."))
    name = f"{resource.entity.__name__}StatsQuery"
    query: type[FilterQuery] = create_model(name, __base__=FilterQuery, **filters)
    return query
