"""The rules of asking for a password once more, and of changing it."""

from uuid import UUID

import structlog

from app.auth.client import Client
from app.auth.components import AuthComponents
from app.auth.exceptions import UnauthorizedException, WrongPasswordException
from app.auth.models import User
from app.auth.passwords.login_throttle import Attempt, Throttle, count_attempt
from app.auth.passwords.password_policy import check_password, normalised, refused
from app.auth.sessions.account_repository import AccountRepository
from app.auth.sessions.repository import SessionRepository
from app.auth.sessions.schemas import PasswordChange, TokenPair
from app.auth.sessions.token_pair import open_session
from app.core.db.database import Database

FIELD = "new_password"

logger = structlog.get_logger()


class PasswordService:
    def __init__(
        self, database: Database, components: AuthComponents, client: Client
    ) -> None:
        self.database = database
        self.components = components
        self.client = client

    async def change(self, user_id: UUID, data: PasswordChange) -> TokenPair:
        """Set a new password: every session ends, and a new one begins."""
        user = await self.ask(user_id, data.current_password)
        new = normalised(data.new_password)
        check_password(new, user.email, self.components.shortest_password, FIELD)
        if new == normalised(data.current_password):
            raise refused(FIELD, "The new password is the one you have")
        pair = await self.renew(user, await self.components.hasher.hash(new))
        logger.info("password_changed", user_id=str(user_id))
        return pair

    async def ask(self, user_id: UUID, password: str) -> User:
        """Ask once more for the password. A wrong one counts as a failed login."""
        user = await self.find(user_id)
        throttle_key = self.components.ring.current.throttle
        attempt = Attempt(user.email_key, self.client.ip, throttle_key)
        await count_attempt(self.database, attempt)
        hasher = self.components.hasher
        right, _ = await hasher.verify(normalised(password), user.password_hash)
        if not right:
            logger.warning("password_refused", user_id=str(user_id), ip=self.client.ip)
            raise WrongPasswordException
        async with self.database.writing() as session:
            await Throttle(session).reset(attempt)
        return user

    async def find(self, user_id: UUID) -> User:
        async with self.database.reading() as session:
            user = await AccountRepository(session).get(user_id)
        if user is None:
            raise UnauthorizedException
        return user

    async def renew(self, user: User, digest: str) -> TokenPair:
        async with self.database.writing() as session:
            # It may have been disabled, or changed by another, during the hashing.
            fresh = await AccountRepository(session).unchanged(user)
            if fresh is None:
                raise UnauthorizedException
            fresh.password_hash = digest
            fresh.must_change_password = False
            fresh.auth_version += 1
            await SessionRepository(session).revoke_all(user.id, "password")
            return await open_session(session, self.components, fresh, self.client)
