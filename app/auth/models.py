"""Tables of users, roles, permissions, sessions and the login throttle."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import validates
from sqlmodel import Field, Relationship, SQLModel

from app.core.clock import now
from app.core.db.column_types import UtcDateTime
from app.core.db.guarantees.definitions import STORED
from app.core.db.ids import uuid7
from app.core.db.personal.erased import CONTACT, NAME
from app.core.models import Entity
from app.core.text import email_key

NOT_READ = {STORED: "CHECK (action::text <> 'read'::text)"}
OWNED = {"cascade": "all, delete-orphan", "lazy": "selectin"}


class User(Entity, table=True):
    """A user account. Raising `auth_version` revokes all its sessions and tokens."""

    __tablename__ = "user_account"
    searched: ClassVar = ("email", "full_name")
    collated: ClassVar = ("email", "full_name")
    redacted: ClassVar[frozenset[str]] = frozenset({"password_hash"})
    personal: ClassVar = CONTACT | {"full_name": NAME}

    email: str = Field(max_length=254)
    email_key: str = Field(max_length=255, unique=True)
    full_name: str = Field(max_length=200)
    password_hash: str = Field(max_length=255)
    is_active: bool = True
    is_superuser: bool = False
    must_change_password: bool = False
    auth_version: int = 1
    links: list["UserRole"] = Relationship(sa_relationship_kwargs=OWNED)

    @validates("email")
    def set_email_key(self, _: str, email: Any) -> Any:
        """Derive the unique `email_key`, which ignores differences in spelling."""
        self.email_key = email_key(email)
        return email

    @property
    def role_ids(self) -> list[UUID]:
        return sorted(link.role_id for link in self.links)

    @property
    def roles(self) -> list["Role"]:
        return sorted((link.role for link in self.links), key=lambda role: role.name)


class Role(Entity, table=True):
    """A named set of permissions."""

    searched: ClassVar = ("name", "description")
    collated: ClassVar = ("name",)
    name: str = Field(max_length=100, unique=True)
    description: str = Field(default="", max_length=2000)

    grants: list["RoleModule"] = Relationship(sa_relationship_kwargs=OWNED)

    @property
    def modules(self) -> dict[str, list[str]]:
        """Return module → granted actions. A module that is present grants `read`."""
        grants = sorted(self.grants, key=lambda grant: grant.module)
        return {it.module: sorted(each.action for each in it.actions) for it in grants}


class UserRole(Entity, table=True):
    __tablename__ = "user_role"
    __table_args__ = (UniqueConstraint("user_id", "role_id"),)

    user_id: UUID = Field(foreign_key="user_account.id")
    role_id: UUID = Field(foreign_key="role.id", index=True)
    role: Role = Relationship(sa_relationship_kwargs={"lazy": "joined"})


class RoleModule(Entity, table=True):
    __tablename__ = "role_module"
    __table_args__ = (UniqueConstraint("role_id", "module"),)

    role_id: UUID = Field(foreign_key="role.id")
    module: str = Field(max_length=50)

    actions: list["RolePermission"] = Relationship(sa_relationship_kwargs=OWNED)


class RolePermission(Entity, table=True):
    """An action granted on a module. `read` is implied by the module's row."""

    __tablename__ = "role_permission"
    __table_args__ = (
        UniqueConstraint("grant_id", "action"),
        CheckConstraint("action <> 'read'", "implicit_read", info=NOT_READ),
    )

    grant_id: UUID = Field(foreign_key="role_module.id")
    action: str = Field(max_length=50)


class AuthSession(SQLModel, table=True):
    """A login session, identified by the secret of its refresh tokens.

    Not an Entity, so not audited: it changes with every refresh, and logins are logged.
    """

    __tablename__ = "auth_session"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    token_hash: str = Field(max_length=64, unique=True)
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    gen: int = 1
    auth_version: int
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    rotated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    idle_expires_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_reason: str | None = Field(default=None, max_length=20)
    ip: str | None = Field(default=None, max_length=45)
    user_agent: str | None = Field(default=None, max_length=255)


class UserRevokedToken(SQLModel, table=True):
    """An access token that was revoked before it expired."""

    __tablename__ = "user_revoked_token"

    jti: UUID = Field(primary_key=True)
    user_id: UUID
    session_id: UUID
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    revoked_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    reason: str = Field(max_length=20)


class LoginThrottle(SQLModel, table=True):
    """Attempts in a window: `failures` and those in flight. `key` is an HMAC."""

    __tablename__ = "login_throttle"

    key: str = Field(max_length=64, primary_key=True)
    count: int
    failures: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    window_started_at: datetime = Field(sa_type=UtcDateTime, index=True)
