"""Business rules for login, token refresh and logout by a refresh token.

The service opens its own short transactions: passwords are hashed outside them, and an
attempt or a revocation is committed before the exception that rejects the request.
"""

import structlog

from app.auth.client import Client
from app.auth.components import AuthComponents
from app.auth.exceptions import CredentialsException, RefreshException
from app.auth.ip_addresses import UNKNOWN_IP, network_of
from app.auth.models import User
from app.auth.passwords.attempt_counters import AttemptCounters, Reservation
from app.auth.passwords.attempts import Attempt, known_attempt, stranger_attempt
from app.auth.passwords.login_throttle import throttled
from app.auth.passwords.password_policy import normalize_password
from app.auth.sessions.account_repository import AccountRepository
from app.auth.sessions.repository import SessionRepository
from app.auth.sessions.schemas import TokenPair
from app.auth.sessions.token_pair import (
    SessionRef,
    identify,
    issue_token_pair,
    open_session,
)
from app.auth.tokens.refresh_tokens import RefreshToken, decode_refresh_token
from app.core.clock import now
from app.core.db.database import Database
from app.core.text import email_key

logger = structlog.get_logger()


class LoginService:
    def __init__(
        self, database: Database, components: AuthComponents, client: Client
    ) -> None:
        self.database = database
        self.components = components
        self.client = client

    async def login(self, email: str, password: str) -> TokenPair:
        """Verify the credentials and open a session.

        Raise the same exception for an unknown e-mail, a disabled user and a wrong
        password, so that the response does not reveal which accounts exist.
        """
        key = email_key(email)
        attempt = await self.make_attempt(key)
        async with throttled(self.database, attempt, self.client.ip) as reservation:
            user = await self.find_user(key)
            stored = user.password_hash if user and user.is_active else None
            is_correct, new_hash = await self.components.hasher.verify(
                normalize_password(password), stored
            )
            if user is None or not is_correct:
                raise self.login_failed()
            pair = await self.start_session(user, reservation, new_hash)
        logger.info("login_succeeded", user_id=str(user.id), ip=self.client.ip)
        return pair

    async def refresh(self, text: str) -> TokenPair:
        """Rotate a refresh token. Reuse of an old one revokes the session."""
        token = decode_refresh_token(text, self.components.ring)
        if token is None:
            raise RefreshException
        async with self.database.writing() as session:
            sessions = SessionRepository(session)
            row = await sessions.rotate(token, self.components.lifetimes, self.client)
            ref = await identify(session, row) if row else None
            ref = ref or await self.handle_reuse(sessions, token)
        if ref is None:
            raise RefreshException
        return issue_token_pair(self.components, ref, token.successor())

    async def revoke(self, text: str) -> None:
        """Revoke the session of a refresh token, of any generation.

        A client that is closed while it refreshes knows the previous token only.
        """
        token = decode_refresh_token(text, self.components.ring)
        if token is None:
            return
        async with self.database.writing() as session:
            sessions = SessionRepository(session)
            found = await sessions.get_live(token)
            if found is None:
                return
            await identify(session, found)
            await sessions.revoke_one(found.user_id, found.id, "logout")
        logger.info("logged_out", user_id=str(found.user_id))

    async def make_attempt(self, key: str) -> Attempt:
        """Return the attempt; a client that is known to the account counts apart."""
        hmac_key = self.components.ring.current.throttle
        async with self.database.reading() as session:
            addresses = await SessionRepository(session).list_recent_addresses(key)
        known = {network_of(ip) for ip in addresses if ip != UNKNOWN_IP}
        network = self.client.network
        if network in known:
            return known_attempt(hmac_key, key, network)
        return stranger_attempt(hmac_key, key, network)

    async def find_user(self, key: str) -> User | None:
        async with self.database.reading() as session:
            return await AccountRepository(session).find_by_email_key(key)

    async def start_session(
        self, user: User, reservation: Reservation, new_hash: str | None
    ) -> TokenPair:
        async with self.database.writing() as session:
            # Read again with a lock: the user may have changed during hashing.
            fresh = await AccountRepository(session).lock_if_unchanged(user)
            if fresh is None:
                raise self.login_failed()
            pair = await open_session(session, self.components, fresh, self.client)
            if new_hash:
                fresh.password_hash = new_hash
            # Last, since all logins from one address wait for its counter.
            await AttemptCounters(session).succeed(reservation)
            return pair

    def login_failed(self) -> CredentialsException:
        """Log the failed login, and return the exception to raise."""
        logger.warning("login_failed", ip=self.client.ip)
        return CredentialsException()

    async def handle_reuse(
        self, sessions: SessionRepository, token: RefreshToken
    ) -> SessionRef | None:
        """Accept the previous token in the grace period; else revoke its session."""
        found = await sessions.get_live(token)
        if found is None or token.gen >= found.gen:
            return None
        ref = await identify(sessions.session, found)
        grace_ends = found.rotated_at + self.components.lifetimes.grace
        if token.gen == found.gen - 1 and now() < grace_ends:
            return ref
        await sessions.revoke_one(found.user_id, found.id, "reuse")
        logger.warning("token_reused", user_id=str(found.user_id), ip=self.client.ip)
        return None
