"""Redemption of one-time password links."""

import structlog

from app.auth.client import Client
from app.auth.components import AuthComponents
from app.auth.exceptions import InvalidLinkException
from app.auth.models import User
from app.auth.passwords.attempt_counters import AttemptCounters, Reservation
from app.auth.passwords.attempts import link_attempt
from app.auth.passwords.links import hash_of
from app.auth.passwords.login_throttle import throttled
from app.auth.passwords.password_policy import check_password, normalize_password
from app.auth.provisioning.link_repository import LinkRepository
from app.auth.provisioning.schemas import PasswordFromLink
from app.auth.sessions.account_repository import AccountRepository
from app.auth.sessions.repository import SessionRepository
from app.auth.users.repository import UserRepository
from app.core.context import current_context
from app.core.db.database import Database

logger = structlog.get_logger()


class LinkRedeemer:
    """Sets a password with a link, in transactions of its own, as the login does."""

    def __init__(
        self, database: Database, components: AuthComponents, client: Client
    ) -> None:
        self.database, self.components, self.client = database, components, client

    async def redeem(self, data: PasswordFromLink) -> None:
        """Set the password of the link's user, and revoke all their sessions."""
        hmac_key = self.components.ring.current.throttle
        subject = self.client.network or hash_of(data.token)
        attempt = link_attempt(hmac_key, subject)
        async with throttled(self.database, attempt, self.client.ip) as reservation:
            user = await self.find_user(data.token)
            new = normalize_password(data.new_password)
            length = self.components.password_min_length
            check_password(new, user.email, length, "new_password")
            new_hash = await self.components.hasher.hash(new)
            await self.set_password(user, hash_of(data.token), new_hash, reservation)
        logger.info("password_changed", user_id=str(user.id))

    async def find_user(self, token: str) -> User:
        async with self.database.reading() as session:
            user = await LinkRepository(session).find_user(hash_of(token))
        if user is None:
            raise self.refused()
        return user

    async def set_password(
        self, user: User, token_hash: str, new_hash: str, reservation: Reservation
    ) -> None:
        async with self.database.writing() as session:
            # The user or the link may have changed during hashing.
            fresh = await AccountRepository(session).lock_if_unchanged(user)
            if fresh is None:
                raise self.refused()
            maker = await LinkRepository(session).use(fresh, token_hash)
            # The user may have more permissions by now, or the administrator fewer.
            users = UserRepository(session)
            if maker is None or not await users.may_manage(maker, fresh):
                raise self.refused()
            current_context().reason = f"password link of user {maker}"
            fresh.password_hash = new_hash
            fresh.must_change_password = False
            fresh.auth_version += 1
            await SessionRepository(session).revoke_all(user.id, "password")
            await AttemptCounters(session).succeed(reservation)

    def refused(self) -> InvalidLinkException:
        """Log the refusal, and return the exception to raise."""
        logger.warning("password_link_refused", ip=self.client.ip)
        return InvalidLinkException()
