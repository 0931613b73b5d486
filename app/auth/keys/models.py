"""Tables of API keys."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.core.clock import now
from app.core.db.column_types import UtcDateTime
from app.core.models import Entity

NAME_LENGTH = 100
MAX_SCOPES, SCOPE_LENGTH = 100, 101
MAX_ADDRESSES, ADDRESS_LENGTH = 20, 50


class ApiKey(Entity, table=True):
    """A key with which a program acts for its user, within its scopes.

    `scopes` and `addresses` are separated by spaces; without addresses, any may use
    the key. The row is deleted when the key is revoked; `created_by` made the key.
    """

    __tablename__ = "api_key"
    redacted: ClassVar[frozenset[str]] = frozenset({"key_hash"})

    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    name: str = Field(max_length=NAME_LENGTH)
    prefix: str = Field(max_length=8)
    key_hash: str = Field(max_length=64, unique=True)
    scopes: str = Field(max_length=MAX_SCOPES * (SCOPE_LENGTH + 1))
    addresses: str = Field(default="", max_length=MAX_ADDRESSES * (ADDRESS_LENGTH + 1))
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    created_by: UUID


class ApiKeyUse(SQLModel, table=True):
    """Last use of a key. Not an Entity: requests would fill the change log."""

    __tablename__ = "api_key_use"

    key_id: UUID = Field(primary_key=True)
    last_used_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
