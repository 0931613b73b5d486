"""Tables of the audit trail. They are not entities: nobody audits the auditor.

Nothing here refers to another table: deleting a user must neither erase her trail nor
blank it. Rows are only ever added. Triggers of the database refuse everything else,
but in a transaction that has a row in `audit_pruning`: the archiver's.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from app.core.clock import now
from app.core.db.column_types import UtcDateTime
from app.core.db.ids import uuid7

LABEL = 254  # of an actor: her e-mail address, as it was then
REQUEST_ID = 64


class Snapshot(JSON):
    """A record's values, by column. None is NULL, not the JSON text `null`."""

    def __init__(self) -> None:
        super().__init__(none_as_null=True)


class Action(StrEnum):
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    UNAUDITED = "UNAUDITED"  # somebody has stepped around the audit, and said why


class Change(SQLModel):
    """One row's step from one version to the next.

    An UPDATE tells the columns that changed; INSERT and DELETE tell all of them.
    """

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    request_id: str = Field(max_length=REQUEST_ID, index=True)
    actor_id: UUID | None = None
    actor_label: str | None = Field(default=None, max_length=LABEL)
    action: str = Field(max_length=10)
    entity: str = Field(max_length=100)
    entity_id: UUID | None = None
    version: int | None = None
    old: dict[str, Any] | None = Field(default=None, sa_type=Snapshot)
    new: dict[str, Any] | None = Field(default=None, sa_type=Snapshot)
    reason: str | None = Field(default=None, max_length=500)


class Access(SQLModel):
    """One request: who asked for what, from where, and what came of it."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    request_id: str = Field(max_length=REQUEST_ID, index=True)
    user_id: UUID | None = None
    user_label: str | None = Field(default=None, max_length=LABEL)
    session_id: UUID | None = None
    ip: str = Field(max_length=45)
    method: str = Field(max_length=20)
    path: str = Field(max_length=2048)
    route: str | None = Field(default=None, max_length=255)
    query: str = Field(default="", max_length=2048)
    status: int | None = None  # none, when nothing was answered
    duration_ms: float
    bytes: int
    user_agent: str | None = Field(default=None, max_length=255)
    outcome: str = Field(max_length=20)


class AuditChange(Change, table=True):
    __tablename__ = "audit_change"
    __table_args__ = (
        # No version of a record can be told twice.
        Index(None, "entity", "entity_id", "version", unique=True),
        Index(None, "actor_id", "at"),
    )


class AuditAccess(Access, table=True):
    __tablename__ = "audit_access"
    __table_args__ = (
        Index(None, "user_id", "at"),
        Index(None, "status", "at"),
    )


class AuditPruning(SQLModel, table=True):
    """While a transaction has a row here, it may delete from the two logs."""

    __tablename__ = "audit_pruning"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
