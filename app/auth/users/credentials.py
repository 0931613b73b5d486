"""What a password given by an administrator makes of an account."""

from typing import Any

from app.auth.components import AuthComponents
from app.auth.passwords.password_policy import check_password, normalised


async def credentials(
    components: AuthComponents, password: str | None, email: str
) -> dict[str, Any]:
    """Return what a new password changes; nothing where there is none."""
    if password is None:
        return {}
    new = normalised(password)
    check_password(new, email, components.shortest_password)
    digest = await components.hasher.hash(new)
    return {"password_hash": digest, "must_change_password": True}
