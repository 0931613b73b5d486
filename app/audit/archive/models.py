"""Tables of the identity, archive files, seals, and legal holds."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from app.audit.models import LABEL_LENGTH
from app.core.clock import now
from app.core.db.column_types import UtcDateTime
from app.core.db.ids import uuid7

HASH_LENGTH = 64  # hexadecimal digits of a SHA-256
KID_LENGTH = 16


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


class AuditSeal(SQLModel, table=True):
    """A signed batch of row hashes.

    `leaves` holds each row's time, id and hash, so that a modified row can be named.
    `root` is the Merkle root of the leaves, `previous` the hash of the previous seal;
    `hash` covers the columns from `number` to `previous`, and `signature` the hash.

    `transaction_id` and `transaction_row_id` are the position in the settled order of
    the log up to which it is sealed; NULL if the rows have no numbers. They are no part
    of the proof: `verify` finds each row by its leaf.

    A seal with a `start` is a run of the leaves of its log's tree, from that index on.
    `size`, `root` and `edge` (the roots of its perfect subtrees) are those of the tree
    after it, `note` is its signed checkpoint, and `hash` that of the checkpoint. The
    first run of a log that has older seals is these seals, and has no rows.
    """

    __tablename__ = "audit_seal"
    __table_args__ = (
        Index(None, "log", "last_at"),
        Index(None, "log", "number"),
        Index(None, "log", "size"),
    )

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    log: str = Field(max_length=10)
    sealed_at: datetime = Field(sa_type=UtcDateTime)
    first_at: datetime = Field(sa_type=UtcDateTime)
    first_id: UUID
    last_at: datetime = Field(sa_type=UtcDateTime)
    last_id: UUID
    count: int
    root: str = Field(max_length=HASH_LENGTH)
    previous: str = Field(max_length=HASH_LENGTH)
    hash: str = Field(max_length=HASH_LENGTH)
    kid: str = Field(max_length=KID_LENGTH)
    signature: str = Field(max_length=HASH_LENGTH)
    leaves: bytes
    transaction_id: int | None = Field(default=None, sa_type=BigInteger)
    transaction_row_id: UUID | None = None
    start: int | None = Field(default=None, sa_type=BigInteger)
    size: int | None = Field(default=None, sa_type=BigInteger)
    note: str | None = Field(default=None, max_length=1_000)
    edge: bytes | None = None


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
