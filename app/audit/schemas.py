"""What clients send and receive about the audit trail."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.audit.models import Action
from app.core.fields import Id, Instant, QueryInt, parse_int
from app.core.schemas import Strict

T = TypeVar("T")

CURSOR = r"^[0-9]{1,17}\.[0-9a-f]{32}$"
Cursor = Annotated[str, StringConstraints(pattern=CURSOR)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]
# The bounds come first: behind a validator they would not be documented.
Status = Annotated[int, Field(ge=100, le=599), BeforeValidator(parse_int)]
Include = Annotated[
    Literal["restored"] | None,
    Field(description="`restored`: also rows brought back from cold storage."),
]
ActionName = Annotated[Action, Field(strict=False)]


class ChangeRead(BaseModel):
    """One step of one record. An UPDATE tells what changed, INSERT and DELETE all."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    request_id: str
    actor_id: UUID | None
    actor_label: str | None
    action: Action
    entity: str
    entity_id: UUID | None
    version: int | None
    old: dict[str, Any] | None
    new: dict[str, Any] | None
    reason: str | None


class AccessRead(BaseModel):
    """One request, and what came of it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    request_id: str
    user_id: UUID | None
    user_label: str | None
    session_id: UUID | None
    ip: str
    method: str
    path: str
    route: str | None
    query: str
    status: int | None
    duration_ms: float
    bytes: int
    user_agent: str | None
    outcome: str


class CursorPage(BaseModel, Generic[T]):
    """A stretch of a log, newest first. `next` is the cursor of what comes after."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return f"{params[0].__name__.removesuffix('Read')}Page"

    items: list[T]
    next: str | None = Field(description="Send it as `cursor`; null at the end.")


class LogQuery(Strict):
    """Every field that is not set apart below is a filter: it means `=`."""

    limit: QueryInt = Field(50, ge=1, le=200, description="How many items at most.")
    cursor: Cursor | None = Field(None, description="`next` of the stretch before.")
    since: Instant | None = Field(None, description="Not before this instant.")
    until: Instant | None = Field(None, description="Before this instant.")
    request_id: Text | None = None
    include: Include = None

    def filters(self) -> dict[str, Any]:
        apart = {"limit", "cursor", "since", "until", "include"}
        return self.model_dump(exclude=apart, exclude_none=True)


class ChangeQuery(LogQuery):
    entity: Text | None = Field(None, description="As `Product`.")
    entity_id: Id | None = None
    actor_id: Id | None = None
    action: ActionName | None = None


class AccessQuery(LogQuery):
    user_id: Id | None = None
    session_id: Id | None = None
    status: Status | None = None
    method: Text | None = None
    route: Text | None = Field(None, description="As /api/v1/products/{product_id}.")
    ip: Text | None = None
    outcome: Text | None = None


class RequestRead(BaseModel):
    """What is known of one request id; a client may have used its own more than once.

    Of many changes the newest are here: `GET /audit/changes?request_id=` has them all.
    """

    request_id: str
    accesses: list[AccessRead]
    changes: list[ChangeRead]
