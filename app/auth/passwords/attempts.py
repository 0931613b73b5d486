"""Password attempts, and the limits that count them.

Strangers share the limit of an account. Clients that are known to it do not count in
that limit, and neither do the confirmations of signed-in users: strangers can't lock
them out.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID


@dataclass(frozen=True)
class Limit:
    """Rate limit: at most `max_attempts` in a fixed window."""

    name: str
    max_attempts: int
    window: timedelta
    is_cleared: bool = False  # by a success; the others only forget that attempt


EMAIL_IP_LIMIT = Limit("pair", 5, timedelta(minutes=5), is_cleared=True)
EMAIL_LIMIT = Limit("email", 50, timedelta(hours=1))
IP_LIMIT = Limit("ip", 100, timedelta(hours=1))
KNOWN_LIMIT = Limit("known", 50, timedelta(hours=1))
SESSION_LIMIT = Limit("session", 5, timedelta(minutes=5), is_cleared=True)
SESSION_HOUR_LIMIT = Limit("session hour", 50, timedelta(hours=1))
LINK_LIMIT = Limit("link", 20, timedelta(hours=1))
LONGEST_WINDOW = max(EMAIL_IP_LIMIT.window, EMAIL_LIMIT.window, IP_LIMIT.window)


@dataclass(frozen=True)
class Attempt:
    """A password attempt: the key of the counter of each limit.

    All attempts lock their counters in the order of the limits, so that they can't
    deadlock. HMAC keys keep e-mail and network addresses out of the table.
    """

    keys: Mapping[Limit, str]

    @classmethod
    def of(cls, hmac_key: bytes, subjects: Mapping[Limit, str]) -> "Attempt":
        def key(limit: Limit, subject: str) -> str:
            text = f"{limit.name}\n{subject}"
            return hmac.new(hmac_key, text.encode(), sha256).hexdigest()

        return cls({limit: key(limit, subjects[limit]) for limit in subjects})


def stranger_attempt(hmac_key: bytes, email_key: str, network: str | None) -> Attempt:
    """Return the attempt of a client that this account has not seen.

    Without a network, several clients share the address: it is not counted.
    """
    if network is None:
        return Attempt.of(hmac_key, {EMAIL_LIMIT: email_key})
    pair = f"{email_key}\n{network}"
    subjects = {EMAIL_IP_LIMIT: pair, EMAIL_LIMIT: email_key, IP_LIMIT: network}
    return Attempt.of(hmac_key, subjects)


def known_attempt(hmac_key: bytes, email_key: str, network: str) -> Attempt:
    """Return the attempt of a client from where the user has signed in lately."""
    pair = f"{email_key}\n{network}"
    return Attempt.of(hmac_key, {EMAIL_IP_LIMIT: pair, KNOWN_LIMIT: pair})


def confirmation_attempt(hmac_key: bytes, session_id: UUID) -> Attempt:
    """Return the attempt of a signed-in user who confirms the password."""
    subject = str(session_id)
    subjects = {SESSION_LIMIT: subject, SESSION_HOUR_LIMIT: subject}
    return Attempt.of(hmac_key, subjects)


def link_attempt(hmac_key: bytes, network: str) -> Attempt:
    """Return the attempt of a client to use a password link."""
    return Attempt.of(hmac_key, {LINK_LIMIT: network})
