"""The rules of signing in and staying in.

It opens its own short transactions: no password is hashed while one is open, and what
must be kept although the answer is a refusal (an attempt, a reuse) is committed first.
"""

import structlog

from app.auth.client import Client
from app.auth.components import AuthComponents
from app.auth.exceptions import CredentialsException, RefreshException
from app.auth.models import User
from app.auth.passwords.login_throttle import Attempt, Throttle, count_attempt
from app.auth.passwords.password_policy import normalised
from app.auth.sessions.account_repository import AccountRepository
from app.auth.sessions.repository import SessionRepository
from app.auth.sessions.schemas import TokenPair
from app.auth.sessions.token_pair import SessionRef, issue, open_session
from app.auth.tokens.refresh_tokens import RefreshToken, read
from app.core.clock import now
from app.core.db.database import Database
from app.core.text import email_key

logger = structlog.get_logger()


class AuthService:
    def __init__(
        self, database: Database, components: AuthComponents, client: Client
    ) -> None:
        self.database = database
        self.components = components
        self.client = client

    async def login(self, email: str, password: str) -> TokenPair:
        """Open a session, or refuse with one and the same answer whatever was wrong."""
        throttle_key = self.components.ring.current.throttle
        attempt = Attempt(email_key(email), self.client.ip, throttle_key)
        await count_attempt(self.database, attempt)
        user = await self.find(attempt.email_key)
        digest = user.password_hash if user and user.is_active else None
        right, better = await self.components.hasher.verify(
            normalised(password), digest
        )
        if user is None or not right:
            raise self.refused()
        pair = await self.enter(user, attempt, better)
        logger.info("login_succeeded", user_id=str(user.id), ip=self.client.ip)
        return pair

    async def refresh(self, text: str) -> TokenPair:
        """Trade a refresh token for the next one. Whoever uses one twice loses both."""
        token = read(text, self.components.ring)
        if token is None:
            raise RefreshException
        async with self.database.writing() as session:
            sessions = SessionRepository(session)
            row = await sessions.rotate(token, self.components.lifetimes, self.client)
            ref = SessionRef(row.user_id, row.id, row.auth_version) if row else None
            ref = ref or await self.second_use(sessions, token)
        if ref is None:
            raise RefreshException
        return issue(self.components, ref, token.successor())

    async def find(self, key: str) -> User | None:
        async with self.database.reading() as session:
            return await AccountRepository(session).find(key)

    async def enter(
        self, user: User, attempt: Attempt, better: str | None
    ) -> TokenPair:
        async with self.database.writing() as session:
            await Throttle(session).reset(attempt)
            # Read again, and locked: it may have changed during the hashing.
            fresh = await AccountRepository(session).unchanged(user)
            if fresh is None:
                raise self.refused()
            if better:
                fresh.password_hash = better
            return await open_session(session, self.components, fresh, self.client)

    def refused(self) -> CredentialsException:
        """Return the refusal of a login, and tell the log."""
        logger.warning("login_failed", ip=self.client.ip)
        return CredentialsException()

    async def second_use(
        self, sessions: SessionRepository, token: RefreshToken
    ) -> SessionRef | None:
        """Forgive a race within the grace period; else end the whole family."""
        found = await sessions.alive(token)
        if found is None or token.gen >= found.gen:
            return None
        grace_ends = found.rotated_at + self.components.lifetimes.grace
        if token.gen == found.gen - 1 and now() < grace_ends:
            return SessionRef(found.user_id, found.id, found.auth_version)
        await sessions.revoke_one(found.user_id, found.id, "reuse")
        logger.warning("token_reused", user_id=str(found.user_id), ip=self.client.ip)
        return None
