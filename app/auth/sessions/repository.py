"""Queries on sessions and revoked tokens."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Update, exists, select, update
from sqlmodel import col

from app.auth.client import Client
from app.auth.components import Lifetimes
from app.auth.models import AuthSession, User, UserRevokedToken
from app.auth.tokens.access_tokens import Claims
from app.auth.tokens.refresh_tokens import RefreshToken
from app.core.clock import now
from app.core.db.driver.compiled import Row
from app.core.db.session import DatabaseSession
from app.core.db.upsert import upsert

MAX_SESSIONS_PER_USER = 20
REMEMBERED = timedelta(days=30)  # how long an address is known to an account
REF_COLUMNS = (
    col(AuthSession.id),
    col(AuthSession.user_id),
    col(AuthSession.auth_version),
)


class SessionRepository:
    def __init__(self, session: DatabaseSession) -> None:
        self.session = session

    async def open(
        self, user: User, token: RefreshToken, lifetimes: Lifetimes, client: Client
    ) -> AuthSession:
        """Create a session; revoke the oldest above MAX_SESSIONS_PER_USER."""
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
        # Their ids may be greater: the clock of the host that opened them may be ahead.
        others = [it for it in await self.list_live(user.id) if it["id"] != opened.id]
        for excess in others[MAX_SESSIONS_PER_USER - 1 :]:
            await self.revoke_one(user.id, excess["id"], "too_many")
        return opened

    async def list_live(self, user_id: UUID) -> list[Row]:
        """Return the live sessions of a user, newest first."""
        own = select(AuthSession).where(col(AuthSession.user_id) == user_id)
        query = own.where(*live_conditions()).order_by(col(AuthSession.id).desc())
        return await self.session.rows(query)

    async def list_recent_addresses(self, key: str) -> list[str]:
        """Return the addresses from where this user lately opened or used a session.

        `key` is the user's `email_key`; an unknown one costs the same statement.
        """
        ip, used_at = col(AuthSession.ip), col(AuthSession.rotated_at)
        query = (
            select(ip)
            .distinct()
            .join(User, col(User.id) == col(AuthSession.user_id))
            .where(col(User.email_key) == key, used_at > now() - REMEMBERED)
        )
        rows = await self.session.rows(query.where(ip.is_not(None)))
        return [row["ip"] for row in rows]

    async def rotate(
        self, token: RefreshToken, lifetimes: Lifetimes, client: Client
    ) -> Any | None:
        """Rotate to the next generation, as the first statement of a transaction.

        Return None if the token is not the latest one of a live session.
        """
        instant = now()
        statement = (
            update(AuthSession)
            .where(token_matches(token), col(AuthSession.gen) == token.gen)
            .where(*live_conditions())
            .values(
                gen=token.gen + 1,
                rotated_at=instant,
                idle_expires_at=instant + lifetimes.idle,
                ip=client.ip,
                user_agent=client.user_agent,
            )
            .returning(*REF_COLUMNS)
        )
        return (await self.session.execute(statement)).one_or_none()

    async def get_live(self, token: RefreshToken) -> AuthSession | None:
        """Return the live session of this token, of any generation."""
        query = select(AuthSession).where(token_matches(token), *live_conditions())
        return await self.session.scalar(query)

    async def revoke_one(self, user_id: UUID, session_id: UUID, reason: str) -> bool:
        """Revoke a session of this user; return False if it is not active."""
        id = col(AuthSession.id)
        statement = revoke_statement(user_id, reason).where(id == session_id)
        revoked = await self.session.scalars(statement.returning(id))
        return revoked.one_or_none() is not None

    async def revoke_all(self, user_id: UUID, reason: str) -> None:
        await self.session.execute(revoke_statement(user_id, reason))

    async def revoke_token(self, claims: Claims, reason: str) -> None:
        """Record the revocation of this access token. Idempotent."""
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


def revoke_statement(user_id: UUID, reason: str) -> Update:
    """Return the UPDATE that revokes the unrevoked sessions of a user."""
    live = col(AuthSession.revoked_at).is_(None)
    own = update(AuthSession).where(col(AuthSession.user_id) == user_id, live)
    return own.values(revoked_at=now(), revoked_reason=reason)


def token_matches(token: RefreshToken) -> ColumnElement[bool]:
    return col(AuthSession.token_hash) == token.hash


def live_conditions() -> Iterator[ColumnElement[bool]]:
    """Yield the conditions for a session that can be refreshed."""
    yield col(AuthSession.revoked_at).is_(None)
    yield col(AuthSession.expires_at) > now()
    yield col(AuthSession.idle_expires_at) > now()
    yield exists().where(
        col(User.id) == col(AuthSession.user_id),
        col(User.is_active),
        col(User.auth_version) == col(AuthSession.auth_version),
    )
