"""Queries on sessions and revoked tokens."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Update, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.client import Client
from app.auth.components import Lifetimes
from app.auth.models import AuthSession, User, UserRevokedToken
from app.auth.tokens.access_tokens import Claims
from app.auth.tokens.refresh_tokens import RefreshToken
from app.core.clock import now
from app.core.db.upsert import upsert

SESSIONS_PER_USER = 20


class SessionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def open(
        self, user: User, token: RefreshToken, lifetimes: Lifetimes, client: Client
    ) -> AuthSession:
        """Begin a session; the oldest ones of a user who has too many are ended."""
        instant = now()
        opened = AuthSession(
            token_hash=token.hash,
            user_id=user.id,
            auth_version=user.auth_version,
            idle_expires_at=instant + lifetimes.idle,
            expires_at=instant + lifetimes.absolute,
            ip=client.ip,
            user_agent=client.user_agent,
        )
        self.session.add(opened)
        await self.session.flush()
        for surplus in (await self.of_user(user.id))[SESSIONS_PER_USER:]:
            await self.revoke_one(user.id, surplus.id, "too_many")
        return opened

    async def of_user(self, user_id: UUID) -> list[AuthSession]:
        """Return the live sessions of a user, newest first."""
        query = select(AuthSession).where(col(AuthSession.user_id) == user_id, *alive())
        newest = query.order_by(col(AuthSession.id).desc())
        return list(await self.session.scalars(newest))

    async def rotate(
        self, token: RefreshToken, lifetimes: Lifetimes, client: Client
    ) -> Any | None:
        """Take the next step, if nobody has yet: first statement of its transaction."""
        instant = now()
        statement = (
            update(AuthSession)
            .where(family(token), col(AuthSession.gen) == token.gen, *alive())
            .values(
                gen=token.gen + 1,
                rotated_at=instant,
                idle_expires_at=instant + lifetimes.idle,
                ip=client.ip,
                user_agent=client.user_agent,
            )
            .returning(
                col(AuthSession.id),
                col(AuthSession.user_id),
                col(AuthSession.auth_version),
            )
        )
        return (await self.session.execute(statement)).one_or_none()

    async def alive(self, token: RefreshToken) -> AuthSession | None:
        """Return the live session of this family, whatever the token's generation."""
        query = select(AuthSession).where(family(token), *alive())
        return await self.session.scalar(query)

    async def revoke_one(self, user_id: UUID, session_id: UUID, reason: str) -> bool:
        """End this session of this user; return False if there is none to end."""
        which = ending(user_id, reason).where(col(AuthSession.id) == session_id)
        ended = await self.session.scalars(which.returning(col(AuthSession.id)))
        return ended.one_or_none() is not None

    async def revoke_all(self, user_id: UUID, reason: str) -> None:
        await self.session.execute(ending(user_id, reason))

    async def revoke_token(self, claims: Claims, reason: str) -> None:
        """Remember that this access token is dead, until it would have died anyway."""
        statement = upsert(self.session, UserRevokedToken)
        values = {
            "jti": claims.jti,
            "user_id": claims.sub,
            "session_id": claims.sid,
            "expires_at": datetime.fromtimestamp(claims.exp, UTC),
            "revoked_at": now(),
            "reason": reason,
        }
        await self.session.execute(statement.values(values).on_conflict_do_nothing())


def ending(user_id: UUID, reason: str) -> Update:
    """Return what ends the sessions of a user, but for those that have ended."""
    live = col(AuthSession.revoked_at).is_(None)
    own = update(AuthSession).where(col(AuthSession.user_id) == user_id, live)
    return own.values(revoked_at=now(), revoked_reason=reason)


def family(token: RefreshToken) -> ColumnElement[bool]:
    return col(AuthSession.token_hash) == token.hash


def alive() -> Iterator[ColumnElement[bool]]:
    """Yield what makes a session, and its user, a live one."""
    yield col(AuthSession.revoked_at).is_(None)
    yield col(AuthSession.expires_at) > now()
    yield col(AuthSession.idle_expires_at) > now()
    yield exists().where(
        col(User.id) == col(AuthSession.user_id),
        col(User.is_active),
        col(User.auth_version) == col(AuthSession.auth_version),
    )
