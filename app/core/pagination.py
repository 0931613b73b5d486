"""One page of a collection, and the query that asks for it."""

from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.core.fields import Flag, Id, Whole
from app.core.schemas import Strict

T = TypeVar("T")

PAGING = {"limit", "offset", "after", "count", "sort", "q"}


class PageQuery(Strict):
    """Subclass it with the module's own filters; every field not in PAGING is one."""

    limit: Whole = Field(50, ge=1, le=200, description="How many items at most.")
    offset: Whole = Field(0, ge=0, le=10_000, description="How many to skip.")
    after: Id | None = Field(
        None,
        description="Go on after the item with this id, in the default order: it "
        "reads a whole collection at constant cost a page.",
    )
    count: Flag = Field(True, description="`false` leaves `total` null, and is faster.")
    q: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Text to look for, literally and in any case.",
    )
    sort: str | None = Field(
        None, description="The order; `-` is descending. Default: newest first."
    )

    @model_validator(mode="after")
    def check_after(self) -> Self:
        if self.after and (self.sort or self.offset):
            raise ValueError("after goes with the default order, and without offset")
        return self

    def filters(self) -> dict[str, Any]:
        return self.model_dump(exclude=PAGING, exclude_none=True)


class Page(BaseModel, Generic[T]):
    model_config = ConfigDict(from_attributes=True, arbitrary_types_allowed=True)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name Page[ProductRead] as a generated client would: ProductPage."""
        return f"{params[0].__name__.removesuffix('Read')}Page"

    items: list[T]
    total: int | None = Field(description="All that match; null with `count=false`.")
    limit: int
    offset: int
