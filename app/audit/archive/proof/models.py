"""Tables of the trees over the sealed rows: tiles of hashes, and public keys."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from app.core.clock import now
from app.core.db.column_types import UtcDateTime

KEY_LENGTH = 150
NOTE_LENGTH = 1_000


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
