"""Page of a collection, and its query parameters."""

from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.core.fields import Id, QueryBool, QueryInt
from app.core.schemas import Strict

T = TypeVar("T")

PAGING_FIELDS = {"limit", "offset", "after", "count", "sort", "q", "as_of"}


class PageQuery(Strict):
    """Paging parameters. In a subclass, each field not in PAGING_FIELDS is a filter."""

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
    q: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Words to search for, in any order and in any of the searched "
        "fields: literal, case-insensitive.",
    )
    sort: str | None = Field(
        None, description="Sort field; `-` means descending. Default: newest first."
    )

    @model_validator(mode="after")
    def check_after(self) -> Self:
        if self.after and (self.sort or self.offset):
            raise ValueError("after cannot be combined with sort or offset")
        return self

    def filters(self) -> dict[str, Any]:
        """Return the filters that the request has, by field name."""
        return self.model_dump(exclude=PAGING_FIELDS, exclude_none=True)


class Page(BaseModel, Generic[T]):
    model_config = ConfigDict(from_attributes=True, arbitrary_types_allowed=True)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name the schema of Page[ProductRead] ProductPage, for generated clients."""
        return f"{params[0].__name__.removesuffix('Read')}Page"

    items: list[T]
    total: int | None = Field(description="Matching items; null with `count=false`.")
    limit: int
    offset: int
