"""Keys of the current user, with a keyed hash of what was sent."""

import hmac
from collections.abc import Iterable
from hashlib import sha256

from app.auth.idempotency.models import IdempotencyKey
from app.core.context import current_context


def make_key(target: tuple[str, str], key: str, fingerprint: str) -> IdempotencyKey:
    """Return the key of this user, and of the method and path that are `target`."""
    context = current_context()
    scope = (str(context.actor_id), *target, key)
    return IdempotencyKey(
        id=sha256("\n".join(scope).encode()).hexdigest(),
        fingerprint=fingerprint,
        request_id=context.request_id,
    )


def fingerprints(secrets: Iterable[bytes], sent: Iterable[bytes]) -> list[str]:
    """Return the hash of what was `sent`, keyed by each secret.

    It is keyed, as a password may have been sent.
    """
    content = b"".join(sha256(part).digest() for part in sent)
    return [hmac.new(secret, content, sha256).hexdigest() for secret in secrets]
