"""The task table."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlmodel import Column, Field

from app.core.db.column_types import UtcDateTime, enum_column
from app.core.models import Entity


class Status(StrEnum):
    TODO = "todo"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELLED = "cancelled"


class Priority(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class Task(Entity, table=True):
    searched: ClassVar = ("title", "description")

    title: str = Field(max_length=200)
    description: str = Field(default="", max_length=5000)
    status: Status = Field(
        default=Status.TODO,
        sa_column=Column(enum_column(Status), index=True, nullable=False),
    )
    priority: Priority = Field(
        default=Priority.MEDIUM,
        sa_column=Column(enum_column(Priority), index=True, nullable=False),
    )
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # A foreign key by table name, because domains do not import each other.
    customer_id: UUID | None = Field(
        default=None, foreign_key="customer.id", index=True
    )
    assignee_id: UUID | None = Field(
        default=None, foreign_key="user_account.id", index=True
    )
