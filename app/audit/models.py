"""Tables of the audit log: the change log and the access log.

They have no foreign keys, so that deleting a user keeps the log of that user's actions.
They are append-only: database triggers reject UPDATE and DELETE. The exception is a
transaction of the archiver, which has a row in `audit_pruning` and may delete.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, Text, text
from sqlmodel import Field, SQLModel

from app.audit.append_only import append_only
from app.audit.numbering import NextAccessNumber, NextChangeNumber, NextNumber
from app.core.clock import now
from app.core.db.column_types import UtcDateTime
from app.core.db.guarantees.definitions import TRIGGERS
from app.core.db.ids import uuid7

LABEL_LENGTH = 254  # a label is the user's e-mail address at that time
NAME_LENGTH = 200
KEY_NAME_LENGTH = 100
SOURCE_LENGTH = 10
REQUEST_ID_LENGTH = 64
VERSION = ("entity", "entity_id", "version")
FIRST_ERROR = 400  # the lowest HTTP status of an error


class Snapshot(JSON):
    """JSON object of column values. Stores None as SQL NULL, not as JSON `null`."""

    def __init__(self) -> None:
        super().__init__(none_as_null=True)


def numbered(number: type[NextNumber]) -> Any:
    """Return the column for the number of the transaction that wrote the row.

    The numbers give the order in which rows are sealed. They are not part of a seal,
    an archive or a response; NULL in rows that are older than the column.
    """
    options = {"default": number()}
    return Field(None, sa_type=BigInteger, index=True, sa_column_kwargs=options)


class Action(StrEnum):
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    UNAUDITED = "UNAUDITED"  # a write inside unaudited(): its reason, without values


class Change(SQLModel):
    """Columns of the change log: one INSERT, UPDATE or DELETE of one row.

    `old` and `new` hold the changed columns for an UPDATE, all columns otherwise. With
    PERSONAL_KEYS_URL, `personal` has what names the actor, encrypted.
    """

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    request_id: str = Field(max_length=REQUEST_ID_LENGTH, index=True)
    actor_id: UUID | None = None
    actor_label: str | None = Field(default=None, max_length=LABEL_LENGTH)
    action: str = Field(max_length=10)
    entity: str = Field(max_length=100)
    entity_id: UUID | None = None
    version: int | None = None
    old: dict[str, Any] | None = Field(default=None, sa_type=Snapshot)
    new: dict[str, Any] | None = Field(default=None, sa_type=Snapshot)
    reason: str | None = Field(default=None, max_length=500)
    actor_name: str | None = Field(default=None, max_length=NAME_LENGTH)
    request_id_source: str | None = Field(default=None, max_length=SOURCE_LENGTH)
    key_id: UUID | None = None
    key_name: str | None = Field(default=None, max_length=KEY_NAME_LENGTH)
    personal: str | None = Field(default=None, sa_type=Text)
    transaction_id: int | None = Field(default=None, sa_type=BigInteger)


class Access(SQLModel):
    """Columns of the access log: one HTTP request and the outcome of its response.

    With PERSONAL_KEYS_URL, `personal` has what names the user, encrypted.
    """

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    request_id: str = Field(max_length=REQUEST_ID_LENGTH, index=True)
    user_id: UUID | None = None
    user_label: str | None = Field(default=None, max_length=LABEL_LENGTH)
    session_id: UUID | None = None
    ip: str = Field(max_length=45)
    method: str = Field(max_length=20)
    path: str = Field(max_length=2048)
    route: str | None = Field(default=None, max_length=255)
    query: str = Field(default="", max_length=2048)
    status: int | None = None  # None if no response was started
    duration_ms: float
    bytes: int
    user_agent: str | None = Field(default=None, max_length=255)
    outcome: str = Field(max_length=20)
    user_name: str | None = Field(default=None, max_length=NAME_LENGTH)
    request_id_source: str | None = Field(default=None, max_length=SOURCE_LENGTH)
    replay_of: str | None = Field(default=None, max_length=REQUEST_ID_LENGTH)
    key_id: UUID | None = None
    key_name: str | None = Field(default=None, max_length=KEY_NAME_LENGTH)
    exported_rows: int | None = Field(default=None, sa_type=BigInteger)
    personal: str | None = Field(default=None, sa_type=Text)
    transaction_id: int | None = Field(default=None, sa_type=BigInteger)


def partial_index(*columns: str, where: str) -> Index:
    """Return an index of the rows for which the condition is true."""
    return Index(None, *columns, sqlite_where=text(where), postgresql_where=text(where))


class AuditChange(Change, table=True):
    __tablename__ = "audit_change"
    transaction_id: int | None = numbered(NextChangeNumber)
    __table_args__ = (
        # Each version of a record is recorded once.
        Index(None, *VERSION, unique=True),
        Index(None, "actor_id", "at"),
        partial_index("key_id", "at", where="key_id IS NOT NULL"),
        {"info": {TRIGGERS: append_only("audit_change", *VERSION)}},
    )


class AuditAccess(Access, table=True):
    __tablename__ = "audit_access"
    transaction_id: int | None = numbered(NextAccessNumber)
    __table_args__ = (
        partial_index("user_id", "at", where="user_id IS NOT NULL"),
        partial_index("key_id", "at", where="key_id IS NOT NULL"),
        # Most rows have another status, and are found by the index on `at`.
        partial_index("status", "at", where=f"status >= {FIRST_ERROR}"),
        {"info": {TRIGGERS: append_only("audit_access", repeats=True)}},
    )


class AuditPruning(SQLModel, table=True):
    """Marker row: the transaction that inserts it may delete from both logs."""

    __tablename__ = "audit_pruning"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
