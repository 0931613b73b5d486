"""What clients send and receive about a record's past."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.audit.schemas import ChangeRead, Include
from app.core.fields import INT32, Instant, QueryBool, QueryInt, parse_int
from app.core.schemas import Body, Strict

Version = Annotated[int, Field(ge=1, le=INT32), BeforeValidator(parse_int)]
Changes = dict[str, tuple[Any, Any]]  # field → its value now, and then


class HistoryQuery(Strict):
    limit: QueryInt = Field(50, ge=1, le=200, description="How many items at most.")
    cursor: Version | None = Field(None, description="`next` of the stretch before.")
    include: Include = None


class HistoryRead(BaseModel):
    """A stretch of a record's history, newest first."""

    model_config = ConfigDict(from_attributes=True)

    items: list[ChangeRead]
    next: str | None = Field(description="Send it as `cursor`; null at the end.")
    archived_until: datetime | None = Field(
        description="Changes before this may be in cold storage; null: all are here."
    )


class AsOfQuery(Strict):
    as_of: Instant | None = Field(
        None,
        description="Return the record as it was at this instant, even if it is "
        "deleted now.",
    )


class RevertQuery(Strict):
    dry_run: QueryBool = Field(False, description="Only tell what would change.")


class Revert(Body):
    to_version: Annotated[int, Field(ge=1, le=INT32, examples=[1])]


class RevertPreview(BaseModel):
    """What a revert would change: field → its value now, and the one it would get."""

    to_version: int
    changes: Changes = Field(examples=[{"price": ["999.00", "1.50"]}])
