"""Tables of cold storage and of the seals. The files themselves are not in here."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.audit.models import LABEL_LENGTH, Access, Change
from app.core.clock import now
from app.core.db.column_types import UtcDateTime
from app.core.db.ids import uuid7

HASH = 64  # digits of a SHA-256
KID = 16


def base_name(log: str, day: date, number: int) -> str:
    """Return a file's path in the folder of the archive, but for how it ends."""
    return f"{log}/{day:%Y/%m}/{day:%Y-%m-%d}.{number:04}"


class State(StrEnum):
    """How far a file has come. Rows are deleted in the last step only."""

    WRITING = "writing"
    VERIFIED = "verified"
    PRUNED = "pruned"


class AuditArchive(SQLModel, table=True):
    """One file of cold storage, and how far it has come."""

    __tablename__ = "audit_archive"
    __table_args__ = (Index(None, "log", "day", "number", unique=True),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    log: str = Field(max_length=10)
    day: date
    number: int
    state: str = Field(default=State.WRITING, max_length=10, index=True)
    started_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    count: int = 0
    size: int = 0
    first_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    manifest: str | None = Field(default=None, max_length=HASH)

    @property
    def name(self) -> str:
        return base_name(self.log, self.day, self.number)

    @property
    def manifest_path(self) -> str:
        return f"{self.name}.manifest.json"


class AuditSeal(SQLModel, table=True):
    """A batch of rows that can no longer change unseen.

    `leaves` tells each row's time, id and hash, so that a row that is not what it was
    can be named. `root` vouches for the leaves, `hash` for the root and for the seal
    before, and the signature for the hash.
    """

    __tablename__ = "audit_seal"
    __table_args__ = (Index(None, "log", "last_at"),)

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    log: str = Field(max_length=10)
    sealed_at: datetime = Field(sa_type=UtcDateTime)
    first_at: datetime = Field(sa_type=UtcDateTime)
    first_id: UUID
    last_at: datetime = Field(sa_type=UtcDateTime)
    last_id: UUID
    count: int
    root: str = Field(max_length=HASH)
    previous: str = Field(max_length=HASH)
    hash: str = Field(max_length=HASH)
    kid: str = Field(max_length=KID)
    signature: str = Field(max_length=HASH)
    leaves: bytes


class AuditHold(SQLModel, table=True):
    """A legal hold: what is known of this entity stays where it is."""

    __tablename__ = "audit_hold"
    __table_args__ = (Index(None, "entity", "entity_id"),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    entity: str = Field(max_length=100)
    entity_id: UUID | None = None  # none, when all of the kind is held
    reason: str = Field(max_length=500)
    placed_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    placed_by: str = Field(max_length=LABEL_LENGTH)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    released_by: str | None = Field(default=None, max_length=LABEL_LENGTH)


class RestoredChange(Change, table=True):
    """A change that was brought back from cold storage to be read."""

    __tablename__ = "audit_change_restored"
    __table_args__ = (
        Index(None, "entity", "entity_id", "version"),
        Index(None, "actor_id", "at"),
    )


class RestoredAccess(Access, table=True):
    """A request that was brought back from cold storage to be read."""

    __tablename__ = "audit_access_restored"
    __table_args__ = (Index(None, "user_id", "at"),)
