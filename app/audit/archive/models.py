"""Tables of the identity, archive files, seals, and legal holds."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.audit.models import LABEL_LENGTH, Access, Change
from app.core.clock import now
from app.core.db.column_types import UtcDateTime
from app.core.db.ids import uuid7

HASH_LENGTH = 64  # hexadecimal digits of a SHA-256


def base_path(log: str, day: date, number: int) -> str:
    """Return a file's path, relative to the archive directory, without its suffix."""
    return f"{log}/{day:%Y/%m}/{day:%Y-%m-%d}.{number:04}"


class AuditIdentity(SQLModel, table=True):
    """The identity of this database's archive: one row, made at first use."""

    __tablename__ = "audit_identity"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class FileState(StrEnum):
    """States of an archive file. Rows are deleted only after VERIFIED.

    HELD: a legal hold was placed after the file was written. Rows on hold are both in
    the file and live; the first run after the release deletes them.
    """

    WRITING = "writing"
    VERIFIED = "verified"
    HELD = "held"
    PRUNED = "pruned"


# Changes of such a file may be deleted: that begins when it is VERIFIED.
DELETED = (FileState.VERIFIED, FileState.HELD, FileState.PRUNED)


class AuditArchive(SQLModel, table=True):
    """One archive file and its state.

    `sequence` numbers a log's files in the order of their chain. `adopted_at` is set if
    the file was written by a database whose backup this database was restored from.
    """

    __tablename__ = "audit_archive"
    __table_args__ = (Index(None, "log", "day", "number", unique=True),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    log: str = Field(max_length=10)
    day: date
    number: int
    state: str = Field(default=FileState.WRITING, max_length=10, index=True)
    started_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    count: int = 0
    size: int = 0
    first_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    manifest: str | None = Field(default=None, max_length=HASH_LENGTH)
    sequence: int | None = None
    adopted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def name(self) -> str:
        return base_path(self.log, self.day, self.number)

    @property
    def is_complete(self) -> bool:
        return self.state in (FileState.HELD, FileState.PRUNED)

    @property
    def manifest_path(self) -> str:
        return f"{self.name}.manifest.json"


class AuditHold(SQLModel, table=True):
    """A legal hold: the entity's changes are not archived until it is released."""

    __tablename__ = "audit_hold"
    __table_args__ = (Index(None, "entity", "entity_id"),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    entity: str = Field(max_length=100)
    entity_id: UUID | None = None  # NULL holds every entity of this type
    reason: str = Field(max_length=500)
    placed_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    placed_by: str = Field(max_length=LABEL_LENGTH)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    released_by: str | None = Field(default=None, max_length=LABEL_LENGTH)


class RestoredChange(Change, table=True):
    """A copy of an archived change, restored for reading."""

    __tablename__ = "audit_change_restored"
    __table_args__ = (
        Index(None, "entity", "entity_id", "version"),
        Index(None, "actor_id", "at"),
    )


class RestoredAccess(Access, table=True):
    """A copy of an archived access, restored for reading."""

    __tablename__ = "audit_access_restored"
    __table_args__ = (Index(None, "user_id", "at"),)
