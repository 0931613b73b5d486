"""HTTP for signing in, staying in and signing out."""

from typing import Annotated
from uuid import UUID

from fastapi import Form

from app.auth.bearer import ClaimsDep
from app.auth.dependencies import (
    AnyUser,
    CurrentUser,
)
from app.auth.models import User
from app.auth.permissions.principal import Principal
from app.auth.permissions.registry import known_permissions
from app.auth.sessions.dependencies import (
    AuthServiceDep,
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
from app.core.web.openapi import documented
from app.core.web.routing import api_router

LARGEST_BODY = 16_384

router = api_router("/auth", tags=["auth"], max_body_size=LARGEST_BODY)


@router.post("/login", response_model=TokenPair, responses=documented(401, 429))
async def login(
    service: AuthServiceDep, form: Annotated[LoginForm, Form()]
) -> TokenPair:
    """Sign in with e-mail address and password, as the OAuth2 password flow has it."""
    return await service.login(form.username, form.password)


@router.post("/refresh", response_model=TokenPair, responses=documented(401))
async def refresh(service: AuthServiceDep, data: RefreshRequest) -> TokenPair:
    """Trade a refresh token for a new pair. The old one is dead.

    Using one twice ends the session: somebody else may have it. (With
    `REFRESH_GRACE_SECONDS` the previous one may race its successor.)
    """
    return await service.refresh(data.refresh_token)


@router.post("/logout", status_code=204)
async def logout(service: SessionServiceDep, claims: ClaimsDep, user: AnyUser) -> None:
    """Sign out: this access token and its session are dead."""
    await service.logout(claims)


@router.post("/logout-all", status_code=204)
async def logout_all(service: SessionServiceDep, user: CurrentUser) -> None:
    """Sign out everywhere: every session of yours is dead, this one too."""
    await service.logout_all(user.user_id)


@router.get("/sessions", response_model=list[SessionRead])
async def list_sessions(
    service: SessionServiceDep, user: CurrentUser, claims: ClaimsDep
) -> list[SessionRead]:
    """List where you are signed in, newest first."""
    sessions = await service.list(user.user_id)
    return [SessionRead.of(session, claims.sid) for session in sessions]


# A session has no version, and so no precondition.
@router.delete("/sessions/{session_id}", status_code=204, openapi_extra={})
async def end_session(
    service: SessionServiceDep, user: CurrentUser, session_id: UUID
) -> None:
    """Sign out elsewhere: end one of your sessions."""
    await service.end(user.user_id, session_id)


@router.post("/password", response_model=TokenPair, responses=documented(401, 403, 429))
async def change_password(
    service: PasswordServiceDep, user: AnyUser, data: PasswordChange
) -> TokenPair:
    """Change your password. Every other session is dead; go on with the new pair."""
    return await service.change(user.user_id, data)


@router.get("/me", response_model=MeRead)
async def get_me(service: UserServiceDep, user: AnyUser) -> MeRead:
    """Read who you are, and what you may do."""
    return me(await service.get(user.user_id), user)


@router.patch("/me", response_model=MeRead)
async def update_me(service: UserServiceDep, user: AnyUser, data: MeUpdate) -> MeRead:
    """Change your name."""
    return me(await service.update_me(data), user)


def me(account: User, user: Principal) -> MeRead:
    granted = known_permissions() if user.is_superuser else user.permissions
    roles = [role.name for role in account.roles]
    values = account.model_dump() | {"roles": roles, "permissions": sorted(granted)}
    return MeRead.model_validate(values)
