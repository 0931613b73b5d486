"""Business rules for confirming and changing the caller's password."""

import structlog

from app.auth.client import Client
from app.auth.components import AuthComponents
from app.auth.exceptions import UnauthorizedException, WrongPasswordException
from app.auth.models import User
from app.auth.passwords.attempt_counters import AttemptCounters
from app.auth.passwords.attempts import confirmation_attempt
from app.auth.passwords.login_throttle import throttled
from app.auth.passwords.password_policy import (
    check_password,
    normalize_password,
    password_error,
)
from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import recheck
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

    async def change_password(
        self, actor: Principal, data: PasswordChange
    ) -> TokenPair:
        """Set a new password, revoke all sessions and open a new one."""
        user = await self.confirm_password(actor, data.current_password)
        new = normalize_password(data.new_password)
        check_password(new, user.email, self.components.password_min_length, FIELD)
        if new == normalize_password(data.current_password):
            raise password_error(
                FIELD, "The new password must differ from the current one"
            )
        new_hash = await self.components.hasher.hash(new)
        pair = await self.set_password(actor, user, new_hash)
        logger.info("password_changed", user_id=str(user.id))
        return pair

    async def confirm_password(self, actor: Principal, password: str) -> User:
        """Verify the user's password. Wrong ones are counted for this session."""
        user = await self.get_user(actor)
        hmac_key = self.components.ring.current.throttle
        attempt = confirmation_attempt(hmac_key, actor.session_id or actor.user_id)
        async with throttled(self.database, attempt, self.client.ip) as reservation:
            is_correct, _ = await self.components.hasher.verify(
                normalize_password(password), user.password_hash
            )
            if not is_correct:
                ip, user_id = self.client.ip, str(user.id)
                logger.warning("password_refused", user_id=user_id, ip=ip)
                raise WrongPasswordException
            async with self.database.writing() as session:
                await AttemptCounters(session).succeed(reservation)
        return user

    async def get_user(self, actor: Principal) -> User:
        async with self.database.reading() as session:
            user = await AccountRepository(session).get(actor.user_id)
        if user is None:
            raise UnauthorizedException
        return user

    async def set_password(
        self, actor: Principal, user: User, password_hash: str
    ) -> TokenPair:
        async with self.database.writing() as session:
            # The user may have been disabled or changed during hashing.
            fresh = await AccountRepository(session).lock_if_unchanged(user)
            if fresh is None:
                raise UnauthorizedException
            await recheck(session, actor)  # this session may have ended
            fresh.password_hash = password_hash
            fresh.must_change_password = False
            fresh.auth_version += 1
            await SessionRepository(session).revoke_all(user.id, "password")
            return await open_session(session, self.components, fresh, self.client)
