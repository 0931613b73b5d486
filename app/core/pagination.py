"""Page of a collection, and its query parameters."""

import re
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.core.field_types.query_values import CommaSeparated
from app.core.fields import Id, Instant, QueryBool, QueryInt
from app.core.schemas import Strict

T = TypeVar("T")

PAGING_FIELDS = {"limit", "offset", "after", "count", "sort", "q", "as_of"}
# Fields that choose what of the records is shown, and how.
SHOWING_FIELDS = {"fields", "include", "by", "format"}
SORT = "Sort fields, the first one first; `-` means descending. Default: newest first."


class FilterQuery(Strict):
    """Filters. In a subclass, each field not in the sets above is one, too."""

    q: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Words to search for, in any order and in any of the searched "
        "fields: literal, case-insensitive.",
    )
    updated_since: Instant | None = Field(
        None, description="Records that were created or changed at this time or later."
    )

    def filters(self) -> dict[str, Any]:
        """Return the filters that the request has, by field name."""
        others = PAGING_FIELDS | SHOWING_FIELDS
        given = (each for each in self if each[1] is not None)
        return {name: value for name, value in given if name not in others}


class PageQuery(FilterQuery):
    """Filters and paging parameters."""

    limit: QueryInt = Field(50, ge=1, le=200, description="Maximum number of items.")
    offset: QueryInt = Field(0, ge=0, le=10_000, description="Items to skip.")
    after: Id | None = Field(
        None,
        description="Start after the item with this id, in the default order. Use it "
        "to read a whole collection: each page costs the same.",
    )
    count: QueryBool = Field(
        True, description="Whether to count; `false` returns a null `total`, faster."
    )
    sort: CommaSeparated[str] = Field((), description=SORT)

    @model_validator(mode="after")
    def check_order(self) -> Self:
        if self.after and (self.sort or self.offset):
            raise ValueError("after cannot be combined with sort or offset")
        return self


class Page(BaseModel, Generic[T]):
    model_config = ConfigDict(from_attributes=True, arbitrary_types_allowed=True)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name the schema of Page[ProductRead] ProductPage, for generated clients."""
        return re.sub("(Read|Item)$", "", params[0].__name__) + cls.__name__

    items: list[T]
    total: int | None = Field(description="Matching items; null with `count=false`.")
    limit: int
    offset: int
