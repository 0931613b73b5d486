"""Routes for API keys and one-time password links, one's own and others'."""

from uuid import UUID

from fastapi import Depends, Request

from app.auth.dependencies import CurrentUser, guarded_router, refuse_keys
from app.auth.idempotency.dependencies import answers_secret
from app.auth.keys.schemas import ApiKeyCreate, ApiKeyRead, NewApiKey
from app.auth.permissions.actions import action
from app.auth.provisioning.dependencies import (
    KeyServiceDep,
    LinkRedeemerDep,
    LinkServiceDep,
)
from app.auth.provisioning.schemas import PasswordFromLink, PasswordLinkRead
from app.auth.routers import MAX_BODY_SIZE
from app.core.web.openapi import UNCONDITIONAL, documented
from app.core.web.routing import api_router

PAGE = "password"
SECRET = [Depends(answers_secret)]

own_router = api_router(
    "/auth",
    tags=["auth"],
    max_body_size=MAX_BODY_SIZE,
    dependencies=[Depends(refuse_keys)],
)
router = guarded_router("users")


@own_router.get("/keys", response_model=list[ApiKeyRead])
async def list_keys(service: KeyServiceDep, user: CurrentUser) -> list[ApiKeyRead]:
    """List your API keys, newest first."""
    return await service.list_own()


@own_router.post(
    "/keys", response_model=NewApiKey, status_code=201, dependencies=SECRET
)
async def create_key(
    service: KeyServiceDep, user: CurrentUser, data: ApiKeyCreate
) -> NewApiKey:
    """Create an API key for a program, which acts for you within these scopes.

    Its permissions are those that you have at the time of each request. The key is in
    this response only.
    """
    return await service.create_own(data)


# The version of a key is not shown.
@own_router.delete("/keys/{key_id}", status_code=204, openapi_extra=UNCONDITIONAL)
async def revoke_key(service: KeyServiceDep, user: CurrentUser, key_id: UUID) -> None:
    """Revoke one of your API keys, from the next request."""
    await service.revoke_own(key_id)


@own_router.post(
    "/password-link/redeem", status_code=204, responses=documented(400, 403, 429)
)
async def redeem_password_link(
    redeemer: LinkRedeemerDep, data: PasswordFromLink
) -> None:
    """Set your password with a one-time link. Revokes all your sessions."""
    await redeemer.redeem(data)


@router.get("/{user_id}/keys", response_model=list[ApiKeyRead])
async def list_user_keys(service: KeyServiceDep, user_id: UUID) -> list[ApiKeyRead]:
    """List the API keys of a user, newest first."""
    return await service.list_for(user_id)


@router.post(
    "/{user_id}/keys", response_model=NewApiKey, status_code=201, dependencies=SECRET
)
async def create_user_key(
    service: KeyServiceDep, user_id: UUID, data: ApiKeyCreate
) -> NewApiKey:
    """Create an API key for another user, such as a service account.

    You can't create one for a user who has permissions that you lack, nor with scopes
    that one of you lacks. The key is in this response only.
    """
    return await service.create_for(user_id, data)


@router.delete("/{user_id}/keys/{key_id}", status_code=204)
@action("update")
async def revoke_user_key(service: KeyServiceDep, user_id: UUID, key_id: UUID) -> None:
    """Revoke an API key of a user, from the next request."""
    await service.revoke_for(user_id, key_id)


@router.post(
    "/{user_id}/password-link",
    response_model=PasswordLinkRead,
    status_code=201,
    dependencies=SECRET,
)
async def create_password_link(
    service: LinkServiceDep, request: Request, user_id: UUID
) -> PasswordLinkRead:
    """Create a link with which a user sets a password, once and within an hour.

    It replaces the user's former link, and ends with any change of the password. The
    token follows `#`, so browsers don't send it to a server.
    """
    token, link = await service.create(user_id)
    url = f"{public_url(request)}/{PAGE}#{token}"
    return PasswordLinkRead(url=url, expires_at=link.expires_at)


def public_url(request: Request) -> str:
    """Return the URL of the application, whose TLS ends at a proxy in production."""
    url = request.base_url
    if request.app.state.settings.is_production:
        url = url.replace(scheme="https")
    return str(url).rstrip("/")
