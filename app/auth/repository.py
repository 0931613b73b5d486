"""Queries on sessions, revoked tokens and the accounts behind them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import raiseload
from sqlmodel import col

from app.auth.models import AuthSession, User, UserRevokedToken
from app.auth.refresh_tokens import RefreshToken
from app.auth.security import Claims
from app.core.models import now
from app.core.upsert import upsert

SESSIONS_PER_USER = 20
LOCK = {"key_share": True}


@dataclass(frozen=True)
class Client:
    """From where, and with what, somebody signs in."""

    ip: str
    user_agent: str | None


@dataclass(frozen=True)
class Lifetimes:
    """How long a session lasts unused, at most, and how long a race is forgiven."""

    idle: timedelta
    absolute: timedelta
    grace: timedelta


class SessionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def find_user(self, key: str) -> User | None:
        """Return the account without its roles: they would cost a statement more, and
        so tell by the time it takes which addresses have an account.
        """
        query = select(User).where(col(User.email_key) == key)
        return await self.session.scalar(query.options(raiseload("*")))

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
            await self.revoke("too_many", col(AuthSession.id) == surplus.id)
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

    async def revoke(self, reason: str, which: ColumnElement[bool]) -> int:
        """End these sessions, but for those that have ended; return how many."""
        ended = await self.session.scalars(
            update(AuthSession)
            .where(which, col(AuthSession.revoked_at).is_(None))
            .values(revoked_at=now(), revoked_reason=reason)
            .returning(col(AuthSession.id))
        )
        return len(ended.all())

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

    async def outdate(self, user_id: UUID) -> None:
        """Raise the version that every token and session of this user names."""
        user = await self.session.get_one(User, user_id, with_for_update=LOCK)
        user.auth_version += 1
        await self.session.flush()


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
