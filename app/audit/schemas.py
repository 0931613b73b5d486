"""Query parameters and responses of the audit log endpoints."""

from operator import not_
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from app.audit.descriptions import (
    IP,
    LABEL,
    NAME,
    OUTCOME,
    REPLAY,
    ROUTE,
    SOURCE,
    UNREADABLE,
)
from app.audit.models import Action
from app.audit.shown.documents import wrap_document
from app.core.fields import Id, Instant, QueryInt, parse_int
from app.core.schemas import Strict

CURSOR = r"^-?[0-9]{1,18}\.[0-9a-f]{32}$"
Cursor = Annotated[str, StringConstraints(pattern=CURSOR)]
# A position in the settled order. No transaction has a number of 19 digits.
CHANGE_CURSOR = r"^[0-9]{1,18}-[0-9a-f]{32}$"
ChangeCursor = Annotated[str, StringConstraints(pattern=CHANGE_CURSOR)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]
# Bounds placed after a validator would be missing from the OpenAPI schema.
Status = Annotated[int, Field(ge=100, le=599), BeforeValidator(parse_int)]
Include = Annotated[
    Literal["restored"] | None,
    Field(description="`restored` adds the rows restored from cold storage."),
]
PAGING = {"limit", "cursor", "since", "until", "include", "after"}
ActionName = Annotated[Action, Field(strict=False)]
Values = Annotated[dict[str, Any] | None, BeforeValidator(wrap_document)]


class EntryRead(BaseModel):
    model_config = ConfigDict(from_attributes=True, allow_inf_nan=False)

    id: UUID
    at: AwareDatetime
    request_id: str
    request_id_source: str | None = Field(description=SOURCE)
    key_id: UUID | None
    key_name: str | None
    unreadable: list[str] = Field(
        default_factory=list, description=UNREADABLE, exclude_if=not_
    )


class ChangeRead(EntryRead):
    """One change of one record.

    `old` and `new` hold the changed fields of an UPDATE, and all fields of an INSERT or
    a DELETE. Redacted values are replaced by `hmac:` and a keyed hash.
    """

    actor_id: UUID | None
    actor_label: str | None = Field(description=LABEL)
    actor_name: str | None = Field(description=NAME)
    action: Action
    entity: str = Field(description="Class name; with `UNAUDITED`, that of the table.")
    entity_id: UUID | None
    version: int | None = Field(description="The record's version after the change.")
    old: Values
    new: Values
    reason: str | None


class AccessRead(EntryRead):
    """One HTTP request and the outcome of its response."""

    user_id: UUID | None
    user_label: str | None = Field(description=LABEL)
    user_name: str | None = Field(description=NAME)
    session_id: UUID | None
    ip: str
    method: str
    path: str
    route: str | None = Field(description="The path template; null if none matched.")
    query: str = Field(description="The query string, with secrets masked.")
    status: int | None = Field(description="Null if no response was started.")
    duration_ms: float
    bytes: int = Field(description="Size of the response body.")
    user_agent: str | None
    outcome: str = Field(description=OUTCOME)
    replay_of: str | None = Field(description=REPLAY)
    exported_rows: int | None = Field(description="Records in an exported file.")


class LogQuery(Strict):
    """Query parameters of both logs. A field outside `PAGING` filters by equality."""

    limit: QueryInt = Field(50, ge=1, le=200, description="Maximum number of items.")
    cursor: Cursor | None = Field(None, description="The `next` of the previous page.")
    since: Instant | None = Field(None, description="At or after this time.")
    until: Instant | None = Field(None, description="Before this time.")
    request_id: Text | None = None
    key_id: Id | None = Field(None, description="Of the API key that was used.")
    include: Include = None

    def filters(self) -> dict[str, Any]:
        return self.model_dump(exclude=PAGING, exclude_none=True)


class ChangeQuery(LogQuery):
    entity: Text | None = Field(None, description="Class name, such as `Product`.")
    entity_id: Id | None = None
    actor_id: Id | None = None
    action: ActionName | None = None
    after: ChangeCursor | None = Field(
        None,
        description="Committed since that `complete_until`, or event of the stream.",
    )


class AccessQuery(LogQuery):
    user_id: Id | None = None
    session_id: Id | None = None
    status: Status | None = None
    method: Text | None = None
    route: Text | None = Field(None, description=ROUTE)
    ip: Text | None = Field(None, description=IP)
    outcome: Text | None = Field(None, description=OUTCOME)


class RequestRead(BaseModel):
    """Entries of one request id, which a client may use again.

    At most 200 of each log, those of users who changed something first.
    """

    request_id: str
    has_more: bool = Field(description="Whether the lists of the logs have more.")
    accesses: list[AccessRead]
    changes: list[ChangeRead]
