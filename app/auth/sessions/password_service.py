"""Business rules for confirming and changing the caller's password."""

from uuid import UUID

import structlog

from app.auth.client import Client
from app.auth.components import AuthComponents
from app.auth.exceptions import UnauthorizedException, WrongPasswordException
from app.auth.models import User
from app.auth.passwords.login_throttle import Attempt, Throttle, count_attempt
from app.auth.passwords.password_policy import (
    check_password,
    normalize_password,
    password_error,
)
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

    async def change_password(self, user_id: UUID, data: PasswordChange) -> TokenPair:
        """Set a new password, revoke all sessions and open a new one."""
        user = await self.confirm_password(user_id, data.current_password)
        new = normalize_password(data.new_password)
        check_password(new, user.email, self.components.password_min_length, FIELD)
        if new == normalize_password(data.current_password):
            raise password_error(
                FIELD, "The new password must differ from the current one"
            )
        pair = await self.set_password(user, await self.components.hasher.hash(new))
        logger.info("password_changed", user_id=str(user_id))
        return pair

    async def confirm_password(self, user_id: UUID, password: str) -> User:
        """Verify the user's password. A wrong one counts as a failed login."""
        user = await self.get_user(user_id)
        throttle_key = self.components.ring.current.throttle
        attempt = Attempt(user.email_key, self.client.ip, throttle_key)
        await count_attempt(self.database, attempt)
        hasher = self.components.hasher
        is_correct, _ = await hasher.verify(
            normalize_password(password), user.password_hash
        )
        if not is_correct:
            logger.warning("password_refused", user_id=str(user_id), ip=self.client.ip)
            raise WrongPasswordException
        async with self.database.writing() as session:
            await Throttle(session).reset(attempt)
        return user

    async def get_user(self, user_id: UUID) -> User:
        async with self.database.reading() as session:
            user = await AccountRepository(session).get(user_id)
        if user is None:
            raise UnauthorizedException
        return user

    async def set_password(self, user: User, password_hash: str) -> TokenPair:
        async with self.database.writing() as session:
            # The user may have been disabled or changed during hashing.
            fresh = await AccountRepository(session).lock_if_unchanged(user)
            if fresh is None:
                raise UnauthorizedException
            fresh.password_hash = password_hash
            fresh.must_change_password = False
            fresh.auth_version += 1
            await SessionRepository(session).revoke_all(user.id, "password")
            return await open_session(session, self.components, fresh, self.client)
