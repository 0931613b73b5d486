"""Request and response schemas of login, sessions and the caller's profile."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.auth.passwords.password_policy import PASSWORD_MAX_LENGTH
from app.core.db.driver.compiled import Row
from app.core.fields import Email, ShortText
from app.core.schemas import Body, Read, optional

# Never stripped: leading and trailing spaces are part of a password.
Password = Annotated[
    str,
    StringConstraints(
        strip_whitespace=False, min_length=1, max_length=PASSWORD_MAX_LENGTH
    ),
    Field(
        examples=["correct horse battery staple"],
        json_schema_extra={"format": "password", "writeOnly": True},
    ),
]
FullName = Annotated[ShortText, Field(examples=["Ada Lovelace"])]


class LoginForm(Body):
    """Form fields of the OAuth2 password flow (RFC 6749, section 4.3).

    Other parameters of OAuth2 are ignored (section 3.2), such as `resource`.
    """

    model_config = ConfigDict(extra="ignore")

    grant_type: Literal["password"] | None = None
    username: Annotated[str, Field(max_length=254, examples=["admin@example.com"])]
    password: Password
    scope: str = ""
    client_id: str | None = None
    client_secret: str | None = None


class RefreshRequest(Body):
    refresh_token: Annotated[str, Field(max_length=4096, examples=["…"])]


class PasswordChange(Body):
    current_password: Password
    new_password: Annotated[Password, Field(examples=["a fountain of brass and oak"])]


class TokenPair(BaseModel):
    """Send `access_token` as `Authorization: Bearer <access_token>`."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105
    expires_in: int = Field(description="Lifetime of the access token in seconds")


class SessionRead(BaseModel):
    id: UUID
    created_at: datetime
    last_used_at: datetime = Field(description="Of the login or the last refresh")
    ip: str | None
    user_agent: str | None
    current: bool = Field(description="Whether this request belongs to the session")

    @classmethod
    def from_row(cls, row: Row, current: UUID) -> "SessionRead":
        last_used_at, is_current = row["rotated_at"], row["id"] == current
        return cls(**row, last_used_at=last_used_at, current=is_current)


class MeUpdate(Body):
    full_name: FullName = optional()


class MeRead(Read):
    email: Email
    full_name: str
    is_superuser: bool
    must_change_password: bool
    roles: list[str] = Field(description="Role names")
    permissions: list[str] = Field(examples=[["products:read", "products:update"]])
