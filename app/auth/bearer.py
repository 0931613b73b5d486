"""Authentication of a request by a bearer token (RFC 6750): access token or API key."""

from functools import partial
from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import OAuth2, OAuthFlowPassword, OAuthFlows
from fastapi.security.base import SecurityBase

from app.auth.client import client_ip, read_client
from app.auth.components import AuthComponents
from app.auth.exceptions import AnonymousException, UnauthorizedException
from app.auth.keys.guesses import count_guess
from app.auth.keys.key_principal import SentKey, find_key_principal
from app.auth.keys.key_text import SCHEME, hash_of, is_well_formed
from app.auth.permissions.principal import (
    FindPrincipal,
    Principal,
    find_principal,
)
from app.auth.tokens.access_tokens import Claims, InvalidTokenError
from app.core.context import current_context
from app.core.dependencies import SessionDep
from app.core.web.health import Health

DESCRIPTION = (
    "Sign in with e-mail address and password. A program sends an API key as the "
    "token: see POST /api/v1/auth/keys."
)


async def get_claims(request: Request) -> Claims:
    return read_claims(request, read_token(request))


def read_token(request: Request) -> str:
    """Return the request's only bearer token."""
    headers = request.headers.getlist("authorization")
    if not headers:
        raise AnonymousException
    scheme, _, token = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer":
        raise UnauthorizedException
    return token


def components_of(request: Request) -> AuthComponents:
    components: AuthComponents = request.app.state.auth
    return components


def read_claims(request: Request, token: str) -> Claims:
    try:
        return components_of(request).tokens.decode(token)
    except InvalidTokenError:
        raise UnauthorizedException from None


def read_credential(request: Request) -> FindPrincipal:
    """Return the query of the principal, once the token or key is verified."""
    token = read_token(request)
    if not token.startswith(SCHEME):
        return partial(find_principal, read_claims(request, token))
    if not is_well_formed(token):
        raise UnauthorizedException
    return partial(find_key_principal, SentKey(hash_of(token), client_ip(request)))


# Every guarded route depends on it, and each dependency costs a request 20 µs. So it
# calls the others itself, and is its own security scheme in the document.
class Bearer(SecurityBase):
    """Dependency that authenticates the caller; Swagger UI's Authorize signs in."""

    model = OAuth2(
        flows=OAuthFlows(
            password=OAuthFlowPassword(scopes={}, tokenUrl="/api/v1/auth/login")
        ),
        description=DESCRIPTION,
    )
    scheme_name = "OAuth2PasswordBearer"

    def check_head(self, request: Request) -> None:
        """Reject a request without a valid token, before its body is read."""
        read_credential(request)

    async def __call__(self, request: Request, session: SessionDep) -> Principal:
        """Return the principal of the request.

        A reading request looks it up in its own session. A writing one uses a session
        of its own, so that a caller without permission never holds the write lock.
        """
        find = read_credential(request)
        health: Health = request.app.state.health
        limits = components_of(request).rate_limits
        # The report to the database would need another connection beside the session's.
        if request.method == "GET" and limits is None:
            principal = await find(session)
        else:
            async with health.database.reading() as brief:
                principal = await find(brief)
        if principal is None:
            await session.close()  # to count needs a connection: hold no other one
            await count_failure(request, health)
            raise UnauthorizedException
        principal = identified(request, principal)
        if limits:
            await limits.count(request.scope, principal, health.database)
        return principal


async def count_failure(request: Request, health: Health) -> None:
    """Count a key that is not valid; access tokens are signed."""
    if read_token(request).startswith(SCHEME):
        hmac_key = components_of(request).ring.current.throttle
        await count_guess(health.database, hmac_key, read_client(request))


def identified(request: Request, principal: Principal) -> Principal:
    """Return the principal, recorded as the actor of this request."""
    context = current_context()
    context.actor_id, context.actor_label = principal.user_id, principal.email
    context.actor_name, context.session_id = principal.full_name, principal.session_id
    if key := principal.key:
        context.key_id, context.key_name = key.id, key.name
        components_of(request).key_uses.record(key.id)
    return principal


get_principal = Bearer()
ClaimsDep = Annotated[Claims, Depends(get_claims)]
