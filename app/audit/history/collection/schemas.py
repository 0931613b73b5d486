"""Query parameters and responses of the past of a collection."""

from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

from app.audit.descriptions import LABEL, NAME
from app.audit.schemas import Cursor
from app.core.fields import Instant, QueryInt
from app.core.pagination import PageQuery
from app.core.schemas import Strict

T = TypeVar("T")
AS_OF = (
    "Return the list as it was at this instant, with the records that were deleted "
    "since. Filters, `sort`, `q` and the total are of that time as well."
)


def past_query(query: type[PageQuery]) -> type[PageQuery]:
    """Return the list's query with the parameter `as_of`."""
    as_of: Any = (Instant | None, Field(None, description=AS_OF))
    return create_model(query.__name__, __base__=query, as_of=as_of)


class DeletedQuery(Strict):
    limit: QueryInt = Field(50, ge=1, le=200, description="Maximum number of items.")
    cursor: Cursor | None = Field(None, description="The `next` of the previous page.")


class ActorRead(BaseModel):
    """The user who made a change."""

    id: UUID
    name: str | None = Field(description=NAME)
    label: str | None = Field(description=LABEL)


class DeletedRead(BaseModel, Generic[T]):
    """A deleted record: when and by whom it was deleted, and its last values."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name the schema of DeletedRead[ProductRead] DeletedProduct."""
        return f"Deleted{params[0].__name__.removesuffix('Read')}"

    id: UUID
    deleted_at: datetime
    actor: ActorRead | None = Field(description="Null if unauthenticated.")
    record: T | None = Field(
        description="Null if its values can't be shown under the present schema."
    )
