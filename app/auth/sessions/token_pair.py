"""Issue token pairs: an access token and the refresh token for the next pair."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.auth.client import Client
from app.auth.components import AuthComponents
from app.auth.models import User
from app.auth.sessions.account_repository import AccountRepository
from app.auth.sessions.repository import SessionRepository
from app.auth.sessions.schemas import TokenPair
from app.auth.tokens.access_tokens import Claims
from app.auth.tokens.refresh_tokens import RefreshToken, encode_refresh_token
from app.core.clock import now
from app.core.context import current_context
from app.core.db.ids import uuid7
from app.core.db.session import DatabaseSession


@dataclass(frozen=True)
class SessionRef:
    """The session that a token pair belongs to."""

    user_id: UUID
    session_id: UUID
    auth_version: int


def issue_token_pair(
    components: AuthComponents, ref: SessionRef, token: RefreshToken
) -> TokenPair:
    instant = int(now().timestamp())
    claims = Claims(
        sub=ref.user_id,
        sid=ref.session_id,
        jti=uuid7(),
        ver=ref.auth_version,
        iat=instant,
        nbf=instant,
        exp=instant + components.tokens.lifetime,
    )
    return TokenPair(
        access_token=components.tokens.encode(claims),
        refresh_token=encode_refresh_token(token, components.ring.current),
        expires_in=components.tokens.lifetime,
    )


async def identify(session: DatabaseSession, opened: Any) -> SessionRef:
    """Record the session's user as the request's; return what refers to it."""
    context = current_context()
    if user := await AccountRepository(session).get(opened.user_id):
        context.actor_id, context.actor_label = user.id, user.email
        context.actor_name = user.full_name
        context.session_id = context.session_id or opened.id
    return SessionRef(opened.user_id, opened.id, opened.auth_version)


async def open_session(
    session: DatabaseSession, components: AuthComponents, user: User, client: Client
) -> TokenPair:
    """Create a login session in the current transaction; return its first pair."""
    token = RefreshToken.new()
    sessions = SessionRepository(session)
    opened = await sessions.open(user, token, components.lifetimes, client)
    return issue_token_pair(components, await identify(session, opened), token)
