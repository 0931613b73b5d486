"""Request and response schemas of the history endpoints."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.audit.schemas import ChangeRead, Include
from app.core.fields import INT32, Instant, QueryBool, QueryInt, parse_int
from app.core.schemas import Body, Strict

# SQL can store versions below 1.
Below = Annotated[int, Field(ge=-INT32, le=INT32), BeforeValidator(parse_int)]
Changes = dict[str, tuple[Any, Any]]  # field → current and earlier value


class HistoryQuery(Strict):
    limit: QueryInt = Field(50, ge=1, le=200, description="Maximum number of items.")
    cursor: Below | None = Field(None, description="`next` of the previous page.")
    include: Include = None


class HistoryRead(BaseModel):
    """A page of a record's history, newest first."""

    model_config = ConfigDict(from_attributes=True)

    items: list[ChangeRead]
    next: str | None = Field(description="Send as `cursor`; null on the last page.")
    archived_until: datetime | None = Field(
        description="Changes before this may be in cold storage only; null if none are."
    )


class AsOfQuery(Strict):
    as_of: Instant | None = Field(
        None,
        description="Return the record as it was at this instant, even if it is "
        "deleted now.",
    )


class RevertQuery(Strict):
    dry_run: QueryBool = Field(False, description="Only return what would change.")


class Revert(Body):
    to_version: Annotated[int, Field(ge=1, le=INT32, examples=[1])]


class RevertPreview(BaseModel):
    """Changes of a revert: field → current value, and value after the revert."""

    to_version: int
    changes: Changes = Field(examples=[{"price": ["999.00", "1.50"]}])
