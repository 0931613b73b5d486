"""Request and response schemas of tasks."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core.field_types.query_values import CommaSeparated
from app.core.fields import Id, Instant, QueryBool, ShortText
from app.core.pagination import PageQuery
from app.core.schemas import Body, Read, optional
from app.modules.tasks.models import Priority, Status

Title = Annotated[ShortText, Field(examples=["Send the offer"])]
Description = Annotated[
    str, StringConstraints(max_length=5000), Field(examples=["With the new prices"])
]
# Not strict: in JSON an enum member is a string.
StatusName = Annotated[Status, Field(strict=False, examples=["in_progress"])]
PriorityName = Annotated[Priority, Field(strict=False, examples=["high"])]
ANY = "Any of these values; repeat the parameter for several."
Sort = Literal[
    "due_at", "-due_at", "priority", "-priority", "created_at", "-created_at"
]


class TaskCreate(Body):
    title: Title
    description: Description = ""
    priority: PriorityName = Priority.MEDIUM
    due_at: Instant | None = None
    customer_id: Id | None = None
    assignee_id: Id | None = None


class TaskUpdate(Body):
    title: Title = optional()
    description: Description = optional()
    status: StatusName = optional()
    priority: PriorityName = optional()
    due_at: Instant | None = None
    customer_id: Id | None = None
    assignee_id: Id | None = None


class TaskRead(Read):
    title: str
    description: str
    status: Status
    priority: Priority
    due_at: datetime | None
    completed_at: datetime | None
    customer_id: UUID | None
    assignee_id: UUID | None


class TaskQuery(PageQuery):
    sort: CommaSeparated[Sort] = ()
    status: list[StatusName] | None = Field(None, description=ANY)
    priority: list[PriorityName] | None = Field(None, description=ANY)
    assignee_id: Id | None = None
    customer_id: Id | None = None
    due_before: Instant | None = Field(None, description="Due before this time.")
    due_after: Instant | None = Field(None, description="Due after this time.")
    overdue: QueryBool | None = Field(None, description="Past due and still open.")
