"""Tables of seals and of the trees over the sealed rows: tiles, and public keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from app.audit.archive.models import HASH_LENGTH
from app.core.clock import now
from app.core.db.column_types import UtcDateTime

KID_LENGTH = 16
KEY_LENGTH = 150
NOTE_LENGTH = 1_000


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

    The leaves of a run are emptied when archive files have all of its rows.
    """

    __tablename__ = "audit_seal"
    __table_args__ = (
        Index(None, "log", "last_at"),
        Index(None, "log", "number"),
        Index(None, "log", "size"),
        Index(None, "log", "transaction_id", "transaction_row_id"),
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
    note: str | None = Field(default=None, max_length=NOTE_LENGTH)
    edge: bytes | None = None

    @property
    def is_emptied(self) -> bool:
        return self.start is not None and self.count > 0 and not self.leaves


class AuditTile(SQLModel, table=True):
    """Up to 256 consecutive hashes of one level of a log's tree.

    Counted as C2SP tlog-tiles does. None is of level 0: the seals have the leaves.
    """

    __tablename__ = "audit_tile"

    log: str = Field(max_length=10, primary_key=True)
    level: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int = Field(primary_key=True, sa_type=BigInteger)
    hashes: bytes


class AuditKey(SQLModel, table=True):
    """A public key that has signed checkpoints of a log.

    `rotation` is the statement that the previous key has signed; NULL for the first
    one, and if the previous key was lost.
    """

    __tablename__ = "audit_key"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    log: str = Field(max_length=10)
    key: str = Field(max_length=KEY_LENGTH, index=True)
    rotation: str | None = Field(default=None, max_length=NOTE_LENGTH)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
