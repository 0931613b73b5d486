"""Keys for hashing redacted values, derived from the application's secrets."""

from app.auth.tokens.keys import derive_key
from app.core.config import Settings


def redaction_keys(settings: Settings) -> tuple[bytes, ...]:
    """Return the current key, which new values are hashed with, then the old ones."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEYS_OLD)
    return tuple(
        derive_key(secret.get_secret_value(), "audit redaction") for secret in secrets
    )
