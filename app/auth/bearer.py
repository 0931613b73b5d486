"""Authentication of a request by its bearer token (RFC 6750)."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import OAuth2, OAuthFlowPassword, OAuthFlows
from fastapi.security.base import SecurityBase

from app.auth.components import AuthComponents
from app.auth.exceptions import AnonymousException, UnauthorizedException
from app.auth.permissions.principal import Principal, find_principal
from app.auth.tokens.access_tokens import Claims, InvalidTokenError
from app.core.context import current_context
from app.core.dependencies import SessionDep
from app.core.web.health import Health


async def get_claims(request: Request) -> Claims:
    return read_claims(request)


def read_claims(request: Request) -> Claims:
    """Return the claims of the request's only bearer token, once it is verified."""
    headers = request.headers.getlist("authorization")
    if not headers:
        raise AnonymousException
    scheme, _, token = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer":
        raise UnauthorizedException
    components: AuthComponents = request.app.state.auth
    try:
        return components.tokens.decode(token)
    except InvalidTokenError:
        raise UnauthorizedException from None


# Every guarded route depends on it, and each dependency costs a request 20 µs. So it
# calls the others itself, and is its own security scheme in the document.
class Bearer(SecurityBase):
    """Dependency that authenticates the caller; Swagger UI's Authorize signs in."""

    model = OAuth2(
        flows=OAuthFlows(
            password=OAuthFlowPassword(scopes={}, tokenUrl="/api/v1/auth/login")
        )
    )
    scheme_name = "OAuth2PasswordBearer"

    def check_head(self, request: Request) -> None:
        """Reject a request without a valid token, before its body is read."""
        read_claims(request)

    async def __call__(self, request: Request, session: SessionDep) -> Principal:
        """Return the principal of the request.

        A reading request looks it up in its own session. A writing one uses a session
        of its own, so that a caller without permission never holds the write lock.
        """
        claims = read_claims(request)
        if request.method == "GET":
            return require_principal(await find_principal(session, claims))
        health: Health = request.app.state.health
        async with health.database.reading() as brief:
            return require_principal(await find_principal(brief, claims))


def require_principal(principal: Principal | None) -> Principal:
    """Return the principal, recorded as the actor of this request, or raise a 401."""
    if principal is None:
        raise UnauthorizedException
    context = current_context()
    context.actor_id, context.actor_label = principal.user_id, principal.email
    context.actor_name, context.session_id = principal.full_name, principal.claims.sid
    return principal


get_principal = Bearer()
ClaimsDep = Annotated[Claims, Depends(get_claims)]
