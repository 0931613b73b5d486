"""Business rules for logging out and revoking sessions."""

from uuid import UUID

from app.auth.events import log_event
from app.auth.exceptions import UnauthorizedException
from app.auth.permissions.before_commit import recheck_before_commit
from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import recheck
from app.auth.sessions.account_repository import AccountRepository
from app.auth.sessions.repository import SessionRepository
from app.auth.tokens.access_tokens import Claims
from app.core.db.driver.compiled import Row
from app.core.exceptions import NotFoundException


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
        log_event("logged_out", self.repository.session, user_id=claims.sub)

    async def logout_all(self, actor: Principal) -> None:
        """Revoke every session and token of this user."""
        user = await self.accounts.lock(actor.user_id)
        if user is None:
            raise UnauthorizedException
        # It may have ended while this waited for the lock.
        await recheck(self.repository.session, actor)
        await self.accounts.bump_auth_version(user)
        await self.repository.revoke_all(user.id, "logout_all")
        log_event("logged_out_everywhere", self.repository.session, user_id=user.id)

    async def list_sessions(self, user_id: UUID) -> list[Row]:
        return await self.repository.list_live(user_id)

    async def end_session(self, actor: Principal, session_id: UUID) -> None:
        """Revoke one session. Raise NotFoundException if it is another user's."""
        if session_id != actor.session_id:
            recheck_before_commit(self.repository.session, actor)
        if not await self.repository.revoke_one(actor.user_id, session_id, "ended"):
            raise NotFoundException(f"Session {session_id} does not exist")
        log_event("session_ended", self.repository.session, user_id=actor.user_id)
