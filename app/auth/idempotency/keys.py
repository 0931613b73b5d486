"""Keys of the current user, with a keyed hash of what was sent."""

import hmac
from collections.abc import Iterable
from hashlib import sha256

from app.auth.idempotency.models import IdempotencyKey
from app.core.context import current_context


def make_key(
    secret: bytes, target: tuple[str, str], key: str, sent: Iterable[bytes]
) -> IdempotencyKey:
    """Return the key of this user, and of the method and path that are `target`.

    The hash of what was `sent` is keyed, as it may contain a password.
    """
    context = current_context()
    scope = (str(context.actor_id), *target, key)
    fingerprint = hmac.new(secret, digestmod=sha256)
    for part in sent:
        fingerprint.update(sha256(part).digest())
    return IdempotencyKey(
        id=sha256("\n".join(scope).encode()).hexdigest(),
        fingerprint=fingerprint.hexdigest(),
        request_id=context.request_id,
    )
