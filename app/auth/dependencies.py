"""Who may call: the token, the current user, and the permission a router asks."""

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.openapi.models import OAuth2, OAuthFlowPassword, OAuthFlows
from fastapi.security.base import SecurityBase

from app.auth.client import Client, client_ip
from app.auth.components import AuthComponents
from app.auth.exceptions import (
    AnonymousException,
    MissingPermissionException,
    PasswordChangeRequiredException,
    UnauthorizedException,
)
from app.auth.permissions.principal import Principal, find_principal
from app.auth.permissions.registry import CRUD, register
from app.auth.tokens.access_tokens import Claims, InvalidTokenError
from app.core.context import current_context
from app.core.dependencies import SessionDep
from app.core.web.health import Health
from app.core.web.routing import api_router

ACTIONS = {"GET": "read", "POST": "create", "PATCH": "update", "PUT": "update"}

logger = structlog.get_logger()


async def get_components(request: Request) -> AuthComponents:
    components: AuthComponents = request.app.state.auth
    return components


ComponentsDep = Annotated[AuthComponents, Depends(get_components)]


async def get_claims(request: Request) -> Claims:
    """Return what the one and only bearer token says, once it has proved genuine."""
    headers = request.headers.getlist("authorization")
    if not headers:
        raise AnonymousException
    kind, _, token = headers[0].partition(" ")
    if len(headers) > 1 or kind.lower() != "bearer":
        raise UnauthorizedException
    components: AuthComponents = request.app.state.auth
    try:
        return components.tokens.decode(token)
    except InvalidTokenError:
        raise UnauthorizedException from None


ClaimsDep = Annotated[Claims, Depends(get_claims)]


# Each dependency costs a request 20 µs, and this one stands before every route: so it
# asks for few, calls the others itself, and is its own entry in the document.
class Bearer(SecurityBase):
    """Finds out who is asking; Swagger UI's Authorize gets the token for it."""

    model = OAuth2(
        flows=OAuthFlows(
            password=OAuthFlowPassword(scopes={}, tokenUrl="/api/v1/auth/login")
        )
    )
    scheme_name = "OAuth2PasswordBearer"

    async def __call__(self, request: Request, session: SessionDep) -> Principal:
        """Return who it is.

        Reading requests share their session. Others look first and begin their
        transaction later: whoever may not write should not hold up those who may.
        """
        claims = await get_claims(request)
        if request.method == "GET":
            return known(await find_principal(session, claims))
        health: Health = request.app.state.health
        async with health.database.reading() as brief:
            return known(await find_principal(brief, claims))


def known(principal: Principal | None) -> Principal:
    if principal is None:
        raise UnauthorizedException
    context = current_context()
    context.actor_id, context.actor_label = principal.user_id, principal.email
    context.session_id = principal.claims.sid
    return principal


get_principal = Bearer()
# Whoever has signed in, even if all she may do is change her password.
AnyUser = Annotated[Principal, Depends(get_principal)]


async def get_current_user(principal: AnyUser) -> Principal:
    if principal.must_change_password:
        raise PasswordChangeRequiredException
    return principal


CurrentUser = Annotated[Principal, Depends(get_current_user)]


@dataclass(frozen=True)
class PermissionChecker:
    """Allow a request if its user may do to `resource` what its method means."""

    resource: str

    async def __call__(self, request: Request, principal: AnyUser) -> None:
        user = await get_current_user(principal)
        path = request.scope["route"].path
        permission = f"{self.resource}:{action_of(request.method, path)}"
        if not user.has_permission(permission):
            who = str(user.user_id)
            logger.warning("permission_denied", user_id=who, permission=permission)
            raise MissingPermissionException(permission)


def action_of(method: str, path: str) -> str:
    # A POST below a record, as in /products/{id}/stock, changes what exists; but what
    # is restored did not.
    if path.endswith("/restore"):
        return "create"
    if method == "POST" and "{" in path:
        return "update"
    return ACTIONS.get(method, method.lower())


def guarded_router(resource: str, actions: tuple[str, ...] = CRUD) -> APIRouter:
    """Return a router whose every route asks for a permission on `resource`."""
    register(resource, actions)
    return api_router(
        f"/{resource}",
        tags=[resource],
        dependencies=[Depends(PermissionChecker(resource))],
    )


async def get_client(request: Request) -> Client:
    agent = request.headers.get("user-agent")
    return Client(ip=client_ip(request), user_agent=agent and agent[:255])


ClientDep = Annotated[Client, Depends(get_client)]
