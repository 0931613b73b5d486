"""Business rules for logging out and revoking sessions."""

from uuid import UUID

import structlog

from app.auth.sessions.account_repository import AccountRepository
from app.auth.sessions.repository import SessionRepository
from app.auth.tokens.access_tokens import Claims
from app.core.db.driver.compiled import Row
from app.core.exceptions import NotFoundException

logger = structlog.get_logger()


class SessionService:
    def __init__(
        self, repository: SessionRepository, accounts: AccountRepository
    ) -> None:
        self.repository = repository
        self.accounts = accounts

    async def logout(self, claims: Claims) -> None:
        """Revoke the session and the access token of these claims."""
        await self.repository.revoke_one(claims.sub, claims.sid, "logout")
        await self.repository.revoke_token(claims, "logout")
        logger.info("logged_out", user_id=str(claims.sub))

    async def logout_all(self, user_id: UUID) -> None:
        """Revoke every session and token of this user."""
        await self.accounts.bump_auth_version(user_id)
        await self.repository.revoke_all(user_id, "logout_all")
        logger.info("logged_out_everywhere", user_id=str(user_id))

    async def list_sessions(self, user_id: UUID) -> list[Row]:
        return await self.repository.list_live(user_id)

    async def end_session(self, user_id: UUID, session_id: UUID) -> None:
        """Revoke one session. Raise NotFoundException if it is another user's."""
        if not await self.repository.revoke_one(user_id, session_id, "ended"):
            raise NotFoundException(f"Session {session_id} does not exist")
        logger.info("session_ended", user_id=str(user_id))
