"""Column values for a password that an administrator sets."""

from typing import Any

from app.auth.components import AuthComponents
from app.auth.passwords.password_policy import check_password, normalize_password
from app.auth.permissions.principal import Principal
from app.auth.permissions.recheck import require_person
from app.auth.users.schemas import UserCreate, UserUpdate

Credentials = dict[str, Any]


async def hash_password(
    components: AuthComponents, actor: Principal, data: UserCreate | UserUpdate
) -> Credentials:
    """Check and hash the new password; return the values to store, empty for None.

    The user must change the password at the next login. A program can't set one: it
    could sign in with it, and no longer depend on its key.
    """
    if data.password is None:
        return {}
    require_person(actor)
    new = normalize_password(data.password)
    check_password(new, data.email or "", components.password_min_length)
    hashed = await components.hasher.hash(new)
    return {"password_hash": hashed, "must_change_password": True}
