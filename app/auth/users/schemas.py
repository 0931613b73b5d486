"""Request and response schemas of users."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.auth.sessions.schemas import FullName, Password
from app.core.field_types.query_values import CommaSeparated
from app.core.fields import Email, Id, QueryBool
from app.core.pagination import PageQuery
from app.core.schemas import Body, Read, optional

RoleIds = Annotated[list[Id], Field(max_length=50, description="Role ids")]
Sort = Literal[
    "email", "-email", "full_name", "-full_name", "created_at", "-created_at"
]


class UserCreate(Body):
    email: Email
    full_name: FullName
    password: Password
    is_active: bool = True
    role_ids: RoleIds = []


class UserUpdate(Body):
    email: Email = optional()
    full_name: FullName = optional()
    password: Password = optional()
    is_active: bool = optional()
    role_ids: RoleIds = optional()


class SuperuserChange(Body):
    is_superuser: bool = Field(examples=[True])
    current_password: Password


class RoleName(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str


class UserRead(Read):
    email: str
    full_name: str
    is_active: bool
    is_superuser: bool
    must_change_password: bool
    roles: list[RoleName]


class UserQuery(PageQuery):
    sort: CommaSeparated[Sort] = ()
    is_active: QueryBool | None = None
    is_superuser: QueryBool | None = None
