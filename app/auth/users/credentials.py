"""Column values for a password that an administrator sets."""

from typing import Any

from app.auth.components import AuthComponents
from app.auth.passwords.password_policy import check_password, normalize_password


async def password_values(
    components: AuthComponents, password: str | None, email: str
) -> dict[str, Any]:
    """Check and hash a password; return the values to store, empty for None.

    The user must change the password at the next login.
    """
    if password is None:
        return {}
    new = normalize_password(password)
    check_password(new, email, components.password_min_length)
    hashed = await components.hasher.hash(new)
    return {"password_hash": hashed, "must_change_password": True}
