"""Table of the answers to requests with an Idempotency-Key."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from app.core.clock import now
from app.core.db.column_types import UtcDateTime

DIGEST_LENGTH = 64  # hexadecimal digits of a SHA-256
REQUEST_ID_LENGTH = 64


class IdempotencyKey(SQLModel, table=True):
    """A key of one user, method and path, and the answer to its first request.

    `id` is their hash, `fingerprint` a keyed hash of what was sent. The row is written
    in the transaction of the change; without a status, that has not ended. `body` is
    NULL if it is too large to be kept, or erased.
    """

    __tablename__ = "idempotency_key"

    id: str = Field(primary_key=True, max_length=DIGEST_LENGTH)
    fingerprint: str = Field(max_length=DIGEST_LENGTH)
    request_id: str = Field(max_length=REQUEST_ID_LENGTH)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    status: int | None = None
    headers: list[Any] | None = Field(default=None, sa_type=JSON)
    body: bytes | None = None
