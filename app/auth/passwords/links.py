"""One-time links with which a user sets a password: their tokens and table."""

from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.core.clock import now
from app.core.db.column_types import UtcDateTime

LIFETIME = timedelta(hours=1)
SCHEME = "bo_link_"  # by which logs recognise and mask it


class PasswordLink(SQLModel, table=True):
    """The link of a user, at most one. `created_by` is the administrator who made it.

    It ends with its use, and when `auth_version` of the user is raised: by another
    password, a deactivation, or a sign-out everywhere.
    """

    __tablename__ = "password_link"

    user_id: UUID = Field(foreign_key="user_account.id", primary_key=True)
    token_hash: str = Field(max_length=64, unique=True)
    auth_version: int
    created_by: UUID
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    expires_at: datetime = Field(
        default_factory=lambda: now() + LIFETIME, sa_type=UtcDateTime, index=True
    )


def new_token() -> str:
    return SCHEME + token_urlsafe(32)


def hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()
