"""HTTP for users."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import CurrentUser, guarded_router
from app.auth.models import User
from app.auth.sessions.dependencies import PasswordServiceDep
from app.auth.users.dependencies import UserServiceDep
from app.auth.users.schemas import (
    SuperuserChange,
    UserCreate,
    UserQuery,
    UserRead,
    UserUpdate,
)
from app.core.pagination import Page
from app.core.web.openapi import documented

router = guarded_router("users")


@router.get("", response_model=Page[UserRead])
async def list_users(
    service: UserServiceDep, query: Annotated[UserQuery, Query()]
) -> Page[User]:
    """List users, newest first. `q` looks through e-mail and full name."""
    return await service.page(query)


@router.post("", response_model=UserRead, status_code=201)
async def create_user(service: UserServiceDep, data: UserCreate) -> User:
    """Add a user. She has to change this password before she can do anything else."""
    return await service.create(data)


@router.get("/{user_id}", response_model=UserRead)
async def get_user(service: UserServiceDep, user_id: UUID) -> User:
    """Read one user."""
    return await service.get(user_id)


@router.patch("/{user_id}", response_model=UserRead)
async def update_user(service: UserServiceDep, user_id: UUID, data: UserUpdate) -> User:
    """Change the fields given. A new password or `is_active: false` ends all sessions.

    Nobody changes a user who may do more than herself, gives roles that grant more than
    she may do, or changes her own password, roles or activity here.
    """
    return await service.update(user_id, data)


@router.delete("/{user_id}", status_code=204)
async def delete_user(service: UserServiceDep, user_id: UUID) -> None:
    """Remove a user. Not while tasks refer to her, and never the last superuser."""
    await service.delete(user_id)


@router.delete("/{user_id}/sessions", status_code=204)
async def end_user_sessions(service: UserServiceDep, user_id: UUID) -> None:
    """Sign a user out everywhere, at once."""
    await service.end_sessions(user_id)


@router.put("/{user_id}/superuser", response_model=UserRead, responses=documented(429))
async def set_superuser(
    service: UserServiceDep,
    passwords: PasswordServiceDep,
    user: CurrentUser,
    user_id: UUID,
    data: SuperuserChange,
) -> User:
    """Make a superuser, or an ordinary user of one. Superusers only, with password."""
    service.require_superuser()
    await passwords.ask(user.user_id, data.current_password)
    return await service.set_superuser(user_id, data.is_superuser)
