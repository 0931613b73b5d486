"""Routes for managing users."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from app.auth.dependencies import CurrentUser, guarded_router
from app.auth.models import User
from app.auth.sessions.dependencies import PasswordServiceDep
from app.auth.users.credentials import Credentials
from app.auth.users.dependencies import UserServiceDep, hashing
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
CREATED, UPDATED = Depends(hashing(UserCreate)), Depends(hashing(UserUpdate))


@router.get("", response_model=Page[UserRead])
async def list_users(
    service: UserServiceDep, query: Annotated[UserQuery, Query()]
) -> Page[User]:
    """List users, newest first. `q` searches e-mail and full name."""
    return await service.page(query)


@router.post("", response_model=UserRead, status_code=201, dependencies=[CREATED])
async def create_user(
    service: UserServiceDep,
    data: UserCreate,
    credentials: Annotated[Credentials, CREATED],
) -> User:
    """Create a user, who must change the password before any other request."""
    return await service.create(data, credentials)


@router.get("/{user_id}", response_model=UserRead)
async def get_user(service: UserServiceDep, user_id: UUID) -> User:
    """Return one user."""
    return await service.get(user_id)


@router.patch("/{user_id}", response_model=UserRead, dependencies=[UPDATED])
async def update_user(
    service: UserServiceDep,
    user_id: UUID,
    data: UserUpdate,
    credentials: Annotated[Credentials, UPDATED],
) -> User:
    """Update a user. A new password or `is_active: false` revokes all sessions.

    You can't update a user who has permissions that you lack, assign roles that grant
    such permissions, or set your own password, roles or `is_active` here.
    """
    return await service.update(user_id, data, credentials)


@router.delete("/{user_id}", status_code=204)
async def delete_user(service: UserServiceDep, user_id: UUID) -> None:
    """Delete a user. 409 for the last superuser, or while tasks refer to the user."""
    await service.delete(user_id)


@router.delete("/{user_id}/sessions", status_code=204)
async def end_user_sessions(service: UserServiceDep, user_id: UUID) -> None:
    """Revoke all sessions of a user."""
    await service.end_sessions(user_id)


@router.put("/{user_id}/superuser", response_model=UserRead, responses=documented(429))
async def set_superuser(
    service: UserServiceDep,
    passwords: PasswordServiceDep,
    user: CurrentUser,
    user_id: UUID,
    data: SuperuserChange,
) -> User:
    """Grant or revoke superuser status. Superusers only, with their password."""
    service.require_superuser()
    await passwords.confirm_password(user, data.current_password)
    return await service.set_superuser(user_id, data.is_superuser)
