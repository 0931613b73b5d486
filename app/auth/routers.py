"""Routes for login, token refresh, logout, sessions and the caller's profile."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form

from app.auth.bearer import ClaimsDep
from app.auth.dependencies import (
    AnyUser,
    CurrentUser,
    refuse_keys,
)
from app.auth.limits.endings import ends_access
from app.auth.models import User
from app.auth.permissions.principal import Principal
from app.auth.permissions.registry import known_permissions
from app.auth.sessions.dependencies import (
    LoginServiceDep,
    PasswordServiceDep,
    SessionServiceDep,
)
from app.auth.sessions.schemas import (
    LoginForm,
    MeRead,
    MeUpdate,
    PasswordChange,
    RefreshRequest,
    SessionRead,
    TokenPair,
)
from app.auth.users.dependencies import UserServiceDep
from app.core.web.openapi import UNCONDITIONAL, documented
from app.core.web.routing import api_router

MAX_BODY_SIZE = 16_384

router = api_router(
    "/auth",
    tags=["auth"],
    max_body_size=MAX_BODY_SIZE,
    dependencies=[Depends(refuse_keys)],
)
me_router = api_router("/auth", tags=["auth"])  # the only operation for API keys


@router.post("/login", response_model=TokenPair, responses=documented(401, 403, 429))
async def login(
    service: LoginServiceDep, form: Annotated[LoginForm, Form()]
) -> TokenPair:
    """Log in with e-mail address and password (OAuth2 password flow)."""
    return await service.login(form.username, form.password)


@router.post("/refresh", response_model=TokenPair, responses=documented(401, 403))
async def refresh(service: LoginServiceDep, data: RefreshRequest) -> TokenPair:
    """Exchange a refresh token for a new token pair. Each token works once.

    Reuse revokes the session, because the token may be stolen. Within
    `REFRESH_GRACE_SECONDS` of a rotation, the previous token is still accepted.
    """
    return await service.refresh(data.refresh_token)


@router.post("/logout", status_code=204)
@ends_access
async def logout(service: SessionServiceDep, claims: ClaimsDep, user: AnyUser) -> None:
    """Log out: revoke this access token and its session."""
    await service.logout(claims)


@router.post("/revoke", status_code=204, responses=documented(403))
async def revoke(service: LoginServiceDep, data: RefreshRequest) -> None:
    """Log out with the refresh token: revoke its session, whose access token may have
    expired.

    Also 204 if there is no such session any more, or the token is invalid, because
    there is nothing left to do (RFC 7009).
    """
    await service.revoke(data.refresh_token)


@router.post("/logout-all", status_code=204)
@ends_access
async def logout_all(service: SessionServiceDep, user: CurrentUser) -> None:
    """Log out everywhere: revoke all your sessions, including this one."""
    await service.logout_all(user)


@router.get("/sessions", response_model=list[SessionRead])
async def list_sessions(
    service: SessionServiceDep, user: CurrentUser, claims: ClaimsDep
) -> list[SessionRead]:
    """List your active sessions, newest first."""
    sessions = await service.list_sessions(user.user_id)
    return [SessionRead.from_row(row, claims.sid) for row in sessions]


# Sessions have no version.
@router.delete("/sessions/{session_id}", status_code=204, openapi_extra=UNCONDITIONAL)
async def end_session(
    service: SessionServiceDep, user: CurrentUser, session_id: UUID
) -> None:
    """Revoke one of your sessions."""
    await service.end_session(user, session_id)


@router.post("/password", response_model=TokenPair, responses=documented(401, 403, 429))
@ends_access
async def change_password(
    service: PasswordServiceDep, user: AnyUser, data: PasswordChange
) -> TokenPair:
    """Change your password. Revokes all your sessions and returns a new token pair."""
    return await service.change_password(user, data)


# Roles and permissions change without the version.
@me_router.get("/me", response_model=MeRead, openapi_extra=UNCONDITIONAL)
async def get_me(service: UserServiceDep, user: AnyUser) -> MeRead:
    """Return your profile, roles and permissions."""
    return build_me(await service.get(user.user_id), user)


@router.patch("/me", response_model=MeRead)
async def update_me(service: UserServiceDep, user: AnyUser, data: MeUpdate) -> MeRead:
    """Update your full name."""
    return build_me(await service.update_me(data), user)


def build_me(account: User, user: Principal) -> MeRead:
    granted = known_permissions() if user.is_superuser else user.permissions
    roles = [role.name for role in account.roles]
    values = account.model_dump() | {"roles": roles, "permissions": sorted(granted)}
    # As in force: a superuser's API key has its scopes only.
    values["is_superuser"] = user.is_superuser
    return MeRead.model_validate(values)
