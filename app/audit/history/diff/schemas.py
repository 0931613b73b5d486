"""Query parameters and response of the comparison of two times."""

from operator import not_
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.audit.schemas import Text
from app.core.fields import Instant, QueryInt
from app.core.schemas import Strict

NAME_PATTERN = r".{1,100}"
CURSOR = rf"^{NAME_PATTERN}\.[0-9a-f]{{32}}$"
Cursor = Annotated[str, StringConstraints(pattern=CURSOR)]
CHANGED = "Field → its values at `from` and at `to`; null where there was no record."
UNREADABLE = (
    "Fields of changes that cannot be read, because something other than the "
    "application wrote them. Then the versions and differences are not known."
)


class DiffQuery(Strict):
    from_: Instant = Field(alias="from", description="The earlier time.")
    to: Instant = Field(description="The later time.")
    entity: Text | None = Field(None, description="Class name, such as `Product`.")
    limit: QueryInt = Field(50, ge=1, le=200, description="Maximum number of items.")
    cursor: Cursor | None = Field(None, description="The `next` of the previous page.")

    @model_validator(mode="after")
    def check_order(self) -> Self:
        if self.from_ > self.to:
            raise ValueError("from must not be after to")
        return self


class DiffRead(BaseModel):
    """The differences of one record between two times."""

    model_config = ConfigDict(from_attributes=True)

    entity: str
    id: UUID
    from_version: int | None = Field(description="Null if it did not exist.")
    to_version: int | None = Field(description="Null if it did not exist.")
    changed: dict[str, tuple[Any, Any]] = Field(
        description=CHANGED, examples=[{"price": ["34.50", "36.00"]}]
    )
    unreadable: list[str] = Field(
        default_factory=list, description=UNREADABLE, exclude_if=not_
    )
